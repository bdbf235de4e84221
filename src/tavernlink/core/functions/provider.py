"""Who carries calls out: one seam for peers, Python functions in the hub, MCP servers and a tavern's commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tavernlink.core.peers.peer import App, Peer
from tavernlink.protocol.event import Event
from tavernlink.protocol.functions import FunctionCancel, FunctionInvoke, ProviderInfo, ProviderKind

if TYPE_CHECKING:
    from tavernlink.core.functions.call import Call

__all__ = ["PeerProvider", "Provider"]


class Provider(Protocol):
    """Starts calls and hears when nobody waits for one any more. Called from the event loop; never waits."""

    @property
    def info(self) -> ProviderInfo:
        """Kind, id, name, and whether it is there just now."""

    def invoke(self, call: Call) -> None:
        """Start a call. Its end comes later, or at once, by `call.done` or `call.fail`."""

    def cancel(self, call: Call) -> None:
        """Nobody waits for this call any more. Its place is free when it ends, or after a short grace."""


class PeerProvider:
    """An app or a tavern that registered functions."""

    __slots__ = ("peer",)

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    @property
    def info(self) -> ProviderInfo:
        """Its own id and name."""
        peer = self.peer
        kind: ProviderKind = "app" if isinstance(peer, App) else "tavern"
        return ProviderInfo(kind=kind, id=peer.id, name=peer.name, online=peer.session.link is not None)

    def invoke(self, call: Call) -> None:
        """Send it; while the peer's line is down its session keeps it."""
        invoke = FunctionInvoke(
            call_id=call.call_id,
            name=call.name,
            args=call.args,
            caller=call.caller,
            timeout=round(call.timeout, 3),
        )
        self.peer.session.deliver(Event("function.invoke", invoke))

    def cancel(self, call: Call) -> None:
        """Tell it."""
        self.peer.session.deliver(Event("function.cancel", FunctionCancel(call_id=call.call_id)))
