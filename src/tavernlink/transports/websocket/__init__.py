"""Plain WebSocket doors: protocol v1 for apps, and the two doors of the ChatBridge dialect.

    /ws   subprotocol `tavernlink.v1`   `peer`            protocol v1
    /ws   no subprotocol                `bridge_app`      a ChatBridge program
    /                                   `bridge_tavern`   a ChatBridge extension

`door` decides who comes in and as what. Never imports the Socket.IO side.
"""

from __future__ import annotations
