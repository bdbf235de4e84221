"""Webhooks: what happens is written down for each that wants it, and handed to whoever sends it.

    relay, rooms, work ──► Listening ──► Webhooks ──► DeliveryBook (on disk)
                                            │ due()          ▲
                                            ▼                │ done()
                                      runtime.courier: one POST each

The core decides what is sent, when, with which signature, and what an answer means; only the courier knows a socket.
"""
