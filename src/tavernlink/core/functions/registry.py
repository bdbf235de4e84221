"""Which functions there are, by provider and name, and how a caller's words find one.

A name alone finds the hub's own function first, then that of an MCP server, then that of a peer: so nobody takes a call
away from the hub by offering a function of the same name. Several instances of one program (the same key and the same
name) share its calls. Where that still leaves several, the caller is told their addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from tavernlink.core.functions.function import Function
from tavernlink.core.functions.provider import PeerProvider, Provider
from tavernlink.core.peers.peer import Tavern
from tavernlink.errors import Conflict, NotFound

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key
    from tavernlink.core.peers.directory import Directory
    from tavernlink.core.peers.peer import Peer

__all__ = ["Registry", "reaches", "split_address"]

_FIRST: Final = {"hub": 0, "mcp": 1, "app": 2, "tavern": 2}


class Registry:
    """Functions of every provider."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._by_provider: dict[Provider, dict[str, Function]] = {}
        self._by_name: dict[str, list[Function]] = {}

    def of(self, provider: Provider) -> dict[str, Function]:
        """Functions of one provider by name."""
        return self._by_provider.get(provider, {})

    @property
    def providers(self) -> tuple[Provider, ...]:
        """Everybody who offers something."""
        return tuple(self._by_provider)

    def every(self) -> Iterable[Function]:
        """Every function."""
        for functions in self._by_provider.values():
            yield from functions.values()

    @staticmethod
    def is_of(function: Function, provider: str) -> bool:
        """True if these words name the function's provider."""
        return _is(function.provider, provider)

    def at(self, address: str) -> Function | None:
        """Return a function of exactly this address."""
        found = self._by_name.get(address.rpartition("/")[2], ())
        return next((function for function in found if function.address == address), None)

    def add(self, function: Function) -> Function | None:
        """Take a function in; returns the one of the same provider and name that it replaces."""
        name = function.spec.name
        mine = self._by_provider.setdefault(function.provider, {})
        before = mine.get(name)
        mine[name] = function
        same = self._by_name.setdefault(name, [])
        if before is not None:
            same.remove(before)
        same.append(function)
        return before

    def remove(self, provider: Provider, name: str) -> Function | None:
        """Take a function out."""
        mine = self._by_provider.get(provider, {})
        function = mine.pop(name, None)
        if function is None:
            return None
        if not mine:
            del self._by_provider[provider]
        same = self._by_name[name]
        same.remove(function)
        if not same:
            del self._by_name[name]
        return function

    def candidates(self, words: str, provider: str | None, key: Key | None) -> list[Function]:
        """Return every function that a caller's words may mean, as far as its key reaches."""
        of, name = split_address(words, provider)
        return [
            function
            for function in self._by_name.get(name, ())
            if (of is None or _is(function.provider, of)) and reaches(key, function.provider)
        ]

    def choose(
        self, found: list[Function], words: str, provider: str | None, caller: Peer | None
    ) -> Function:
        """Return the one of these that is meant. Raises `unknown_function`, `ambiguous_function`."""
        if not found:
            raise _unknown(words, provider)
        if len(found) > 1:
            found = _foremost(found, lambda one: _FIRST[one.provider.info.kind])
            found = _foremost(found, lambda one: not one.provider.info.online)
            found = self._preferred(found, caller)
        if len(found) > 1 and not _are_instances(found):
            addresses = sorted({_exact(function) for function in found})
            raise Conflict(
                "ambiguous_function",
                f"Several programs offer a function {found[0].spec.name!r}: {', '.join(addresses[:10])}. "
                "Call it by its address.",
                {"addresses": addresses},
            )
        return min(found, key=lambda one: one.places.running + len(one.places.waiting))

    def _preferred(self, found: list[Function], caller: Peer | None) -> list[Function]:
        """Of several taverns the caller itself, else the default one: as wherever no tavern is named."""
        taverns = {
            function.provider.peer.id: function
            for function in found
            if isinstance(function.provider, PeerProvider) and isinstance(function.provider.peer, Tavern)
        }
        if len(taverns) < len(found):
            return found
        default = self._directory.default(caller.key if caller is not None else None)
        for tavern in (caller, default):
            if tavern is not None and tavern.id in taverns and isinstance(tavern, Tavern):
                return [taverns[tavern.id]]
        return found


def split_address(words: str, provider: str | None) -> tuple[str | None, str]:
    """Return provider and name of what a caller called a function; a name has no slash."""
    of, _, name = words.rpartition("/")
    return provider or of or None, name


def reaches(key: Key | None, provider: Provider) -> bool:
    """True if a provider is within the limits of a key."""
    if key is None or not isinstance(provider, PeerProvider) or not isinstance(provider.peer, Tavern):
        return True
    return key.reaches_tavern(provider.peer.id, provider.peer.name)


def _is(provider: Provider, words: str) -> bool:
    info = provider.info
    kind, colon, rest = words.partition(":")
    if colon and kind in _FIRST:
        if kind != info.kind:
            return False
        words = rest
    elif words == "hub" or info.kind == "hub":
        return words == info.kind
    return words in (info.id, info.name) or words == _member_id(provider)


def _member_id(provider: Provider) -> str | None:
    return provider.peer.member_id if isinstance(provider, PeerProvider) else None


def _exact(function: Function) -> str:
    """An address that tells apps of the same id under different keys apart."""
    member_id, kind = _member_id(function.provider), function.provider.info.kind
    return function.address if member_id is None else f"{kind}:{member_id}/{function.spec.name}"


def _foremost(found: list[Function], rank: Callable[[Function], int]) -> list[Function]:
    best = min(map(rank, found))
    return [function for function in found if rank(function) == best]


def _are_instances(found: list[Function]) -> bool:
    programs = {
        (function.provider.peer.key.id, function.provider.peer.name)
        if isinstance(function.provider, PeerProvider) and not isinstance(function.provider.peer, Tavern)
        else None
        for function in found
    }
    return len(programs) == 1 and None not in programs


def _unknown(words: str, provider: str | None) -> NotFound:
    of, name = split_address(words, provider)
    by = "" if of is None else f" by {of!r}"
    return NotFound(
        "unknown_function",
        f"No function {name!r} is offered{by}, as far as this key reaches. `function.list` shows what there is.",
        {"function": words, **({} if provider is None else {"provider": provider})},
    )
