"""Protocol v1: the messages, their catalogue, and how they are written as bytes.

Above it stand the core and the SDK; below it only `errors`. No asyncio and no I/O may live here: everything is a
value or a function from values to values. `catalogue` is the single source from which the JSON Schema, the
TypeScript types and the reference page are generated.
"""

from __future__ import annotations

PROTOCOL_VERSION = 1
"""The version that this hub speaks; a peer that names another is refused at connect."""

WEBSOCKET_SUBPROTOCOL = "tavernlink.v1"
"""Subprotocol of the plain WebSocket door; an upgrade without it speaks the ChatBridge dialect."""

__all__ = ["PROTOCOL_VERSION", "WEBSOCKET_SUBPROTOCOL"]
