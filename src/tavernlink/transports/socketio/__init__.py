"""Socket.IO protocol revision 5 on Engine.IO: namespaces, events, acks, binary attachments.

`packet` (codec) does no I/O; `server` and `socket` join it to Engine.IO sessions; `echo` serves the public
conformance suites; `door` is the hub's door. Never imports the plain WebSocket door.
"""

from __future__ import annotations
