"""Engine.IO protocol revision 4: sessions over HTTP long-polling and WebSocket, with upgrade and heartbeat.

`packet` (codec) and `session` (state machine) do no I/O; `polling` (ASGI) and `server` are thin shells.
Above stands `socketio`; nothing here knows it.
"""

from __future__ import annotations
