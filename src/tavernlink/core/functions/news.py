"""News: tells taverns, and the apps that want to know, which functions came, changed or went."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tavernlink.core.access.rights import may_send
from tavernlink.core.functions.registry import Registry, reaches
from tavernlink.protocol.event import Event
from tavernlink.protocol.functions import FunctionInfo, FunctionsChanged

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key
    from tavernlink.core.functions.function import Function
    from tavernlink.core.peers.directory import Directory
    from tavernlink.core.peers.peer import Peer
    from tavernlink.core.peers.subscriptions import Subscriptions

__all__ = ["News", "may_call"]

_TOPIC = "functions.changed"


class News:
    """What changed goes out as one event, encoded once for all who may see all of it."""

    def __init__(self, registry: Registry, directory: Directory, subscriptions: Subscriptions) -> None:
        self._registry = registry
        self._directory = directory
        self._subscriptions = subscriptions

    def tell(self, changed: Iterable[Function], removed: Iterable[Function] = ()) -> None:
        """Say what changed. An address under which there still is a function was not removed."""
        fresh = {function.address: function for function in changed}
        gone: dict[str, Function] = {}
        for function in removed:
            still = self._registry.at(function.address)
            if still is None:
                gone[function.address] = function
            else:
                fresh[function.address] = still
        if not fresh and not gone:
            return
        infos = {address: function.info() for address, function in fresh.items()}
        made: dict[tuple[str, ...], Event] = {}
        for peer in self._listeners():
            new = [address for address, function in fresh.items() if may_call(peer.key, function)]
            old = [address for address, function in gone.items() if may_call(peer.key, function)]
            if new or old:
                which = (*new, "", *old)
                if which not in made:
                    made[which] = _event([infos[address] for address in new], old)
                peer.session.deliver(made[which])

    def _listeners(self) -> Iterable[Peer]:
        for tavern in self._directory.taverns.values():
            if tavern.session.id in self._directory.sessions and may_send(tavern.key, "function.call"):
                yield tavern
        for session in self._subscriptions.route("*", _TOPIC):
            peer = self._directory.peer_of(session)
            if peer is not None and may_send(peer.key, "function.call"):
                yield peer


def may_call(key: Key, function: Function) -> bool:
    """True if calls under this key reach the function and have the scopes that it asks for."""
    return reaches(key, function.provider) and key.held.issuperset(function.spec.scopes)


def _event(functions: list[FunctionInfo], removed: list[str]) -> Event:
    return Event(_TOPIC, FunctionsChanged(functions=functions, removed=removed))
