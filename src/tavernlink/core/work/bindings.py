"""Session bindings: which SillyTavern chat belongs to which session of which key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tavernlink.core.seams import Shelf

__all__ = ["Binding", "Bindings"]


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """A session's own SillyTavern chat."""

    key_id: str
    session: str
    tavern_id: str
    """The tab that held its last turn."""
    server: str | None = None
    """The SillyTavern behind that tab: any other tab of it has the same chat."""
    character: str | None = None
    """Avatar file name."""
    chat_id: str | None = None
    """None while the first turn runs; such a binding is not on disk."""
    used: float | None = None
    """End of its last turn, in seconds since 1970."""


class Bindings:
    """Every binding, in memory and on disk."""

    def __init__(self, shelf: Shelf[Binding]) -> None:
        self._shelf = shelf
        self._bound: dict[tuple[str, str], Binding] = {}
        self._by_chat: dict[str | None, dict[tuple[str, str], Binding]] = {}
        for each in shelf.load():
            self._keep(each)

    def find(self, key_id: str, session: str) -> Binding | None:
        """Return where this session's chat is."""
        return self._bound.get((key_id, session))

    def put(self, bound: Binding) -> None:
        """Remember where a session's chat is."""
        if self._bound.get((bound.key_id, bound.session)) != bound:
            self._drop(bound.key_id, bound.session)
            self._keep(bound)
            self._shelf.put(bound)

    def remove(self, key_id: str, session: str) -> bool:
        """Forget a session; False if there was none. Its chat stays in SillyTavern."""
        if not self._drop(key_id, session):
            return False
        self._shelf.remove(key_id, session)
        return True

    def of_chat(self, chat_id: str | None) -> list[Binding]:
        """Bindings to a chat of this name, of whichever server and character."""
        return list(self._by_chat.get(chat_id, {}).values())

    def listed(self, key_id: str | None = None) -> list[Binding]:
        """Bindings of one key, or of all, by name."""
        found = [bound for bound in self._bound.values() if key_id in (None, bound.key_id)]
        return sorted(found, key=lambda bound: (bound.session, bound.key_id))

    def _keep(self, bound: Binding) -> None:
        self._bound[bound.key_id, bound.session] = bound
        self._by_chat.setdefault(bound.chat_id, {})[bound.key_id, bound.session] = bound

    def _drop(self, key_id: str, session: str) -> bool:
        bound = self._bound.pop((key_id, session), None)
        if bound is None:
            return False
        same = self._by_chat[bound.chat_id]
        del same[key_id, session]
        if not same:
            del self._by_chat[bound.chat_id]
        return True
