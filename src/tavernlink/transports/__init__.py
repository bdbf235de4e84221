"""The hub's doors for connections that stay open: Socket.IO and plain WebSocket.

Below: uvicorn (HTTP) and picows (WebSocket). Above: `runtime`, through the doors `socketio.door` and
`websocket`. The modules directly in this package are what both doors stand on; `engineio` carries
`socketio`; `socketio` and `websocket` never import each other.
"""

from __future__ import annotations
