"""The product: taverns, apps, keys, requests, streams, the chat mirror, permissions.

Synchronous. It never awaits and never touches a socket, clock, disk or randomness: those are handed in as the small
Protocols of `seams`, so a day of traffic is tested in a millisecond. `runtime` puts an event loop around it, `store`
a database under it.
"""
