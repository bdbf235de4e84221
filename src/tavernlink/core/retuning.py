"""Other limits for a hub that runs: they count for everybody who is connected, and for all that begins from now on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tavernlink.core.peers.peer import Tavern

if TYPE_CHECKING:
    from tavernlink.core.hub import Hub
    from tavernlink.core.limits import HubLimits

__all__ = ["retune"]


def retune(hub: Hub, limits: HubLimits) -> None:
    """Go by these limits from now on."""
    for name in limits.__struct_fields__:
        setattr(hub.limits, name, getattr(limits, name))
    hub.work.retune(hub.limits)
    for peer in hub.directory.sessions.values():
        if isinstance(peer, Tavern):
            peer.rate.retune(limits.tavern_rate, limits.tavern_burst)
        else:
            peer.rate.retune(limits.app_rate, limits.app_burst)
