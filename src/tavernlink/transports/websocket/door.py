"""Who comes in through a plain WebSocket, and as what.

Two doors for the upgrade table: `program_door` for `/ws` and `extension_door` for `/`. A key comes in the
`Authorization` header, in the first frame (v1), or, in the ChatBridge dialect alone, as `?token=`. A wrong key is
answered 401 before anything is opened. The first ChatBridge extension, which can send no key, comes in only where the
setting says so and only from this machine; it then goes by a key of its own name, which can be revoked like any other.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from tavernlink.core.access.keys import Key
from tavernlink.core.access.rights import check_connect
from tavernlink.errors import AuthError, BadMessage, TavernlinkError
from tavernlink.protocol import WEBSOCKET_SUBPROTOCOL
from tavernlink.runtime.hub import Runtime
from tavernlink.transports.upgrade import Accept, Refuse, UpgradeRequest
from tavernlink.transports.websocket.bridge_app import BridgeApp
from tavernlink.transports.websocket.bridge_tavern import BridgeTavern
from tavernlink.transports.websocket.peer import WebSocketPeer
from tavernlink.transports.websocket.seats import Seats

__all__ = ["KEYLESS_NAME", "WebSocketDoors"]

KEYLESS_NAME = "ChatBridge without a key"
"""Name of the key under which extensions that can send none are let in."""


@dataclass(slots=True, kw_only=True)
class WebSocketDoors:
    """Both doors of one hub. Times in seconds."""

    runtime: Runtime
    chatbridge_without_key: bool = False
    hello_seconds: float = 10.0
    """For the first frame of a connection that has brought no key."""
    ping_seconds: float = 25.0
    seats: Seats = field(default_factory=Seats)

    def program_door(self, request: UpgradeRequest) -> Accept | Refuse:
        """Judge an upgrade on `/ws`: protocol v1, or a ChatBridge program."""
        offered = request.subprotocols
        try:
            if WEBSOCKET_SUBPROTOCOL in offered:
                key = _bearer(request)
                if key is not None:
                    self.runtime.authenticate(key, request.address)
                peer = WebSocketPeer(
                    self.runtime, key=key, hello_seconds=self.hello_seconds, ping_seconds=self.ping_seconds
                )
                return Accept(peer, WEBSOCKET_SUBPROTOCOL)
            if offered:
                raise AuthError(
                    "protocol_unsupported",
                    f"This door speaks {WEBSOCKET_SUBPROTOCOL!r}; you offered {', '.join(offered)[:100]!r}.",
                )
            known = self._bridge_key(request, "app")
            return Accept(BridgeApp(self.runtime, known, ping_seconds=self.ping_seconds))
        except TavernlinkError as error:
            return _refused(error)

    def extension_door(self, request: UpgradeRequest) -> Accept | Refuse:
        """Judge an upgrade on `/`: a ChatBridge extension."""
        try:
            known = self._bridge_key(request, "tavern")
            return Accept(BridgeTavern(self.runtime, known, self.seats, ping_seconds=self.ping_seconds))
        except TavernlinkError as error:
            return _refused(error)

    def _bridge_key(self, request: UpgradeRequest, role: str) -> Key:
        text = _bearer(request) or request.query.get("token") or None
        if text is None and role == "tavern" and self.chatbridge_without_key and _is_here(request.address):
            return self._keyless()
        key = self.runtime.authenticate(text, request.address)
        check_connect(key.role, role)
        return key

    def _keyless(self) -> Key:
        keyring = self.runtime.core.keyring
        for key in keyring.listed():
            if key.name == KEYLESS_NAME and key.role == "tavern":
                if key.revoked is not None:
                    raise AuthError("key_revoked")
                return key
        return keyring.create("tavern", KEYLESS_NAME)[0]


def _bearer(request: UpgradeRequest) -> str | None:
    scheme, _, key = request.headers.get("authorization", "").strip().partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def _is_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _refused(error: TavernlinkError) -> Refuse:
    if isinstance(error, BadMessage):
        status = 429 if error.code == "rate_limited" else 400
    elif isinstance(error, AuthError):
        status = {"forbidden": 403, "protocol_unsupported": 400}.get(error.code, 401)
    else:
        status = 503
    return Refuse.because(status, error.code, error.message)
