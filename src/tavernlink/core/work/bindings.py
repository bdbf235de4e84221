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
    character: str | None = None
    chat_id: str | None = None


class Bindings:
    """Every binding, in memory and on disk."""

    def __init__(self, shelf: Shelf[Binding]) -> None:
        self._shelf = shelf
        self._bound = {(each.key_id, each.session): each for each in shelf.load()}

    def find(self, key_id: str, session: str) -> Binding | None:
        """Return where this session's chat is."""
        return self._bound.get((key_id, session))

    def put(self, bound: Binding) -> None:
        """Remember where a session's chat is."""
        if self._bound.get((bound.key_id, bound.session)) != bound:
            self._bound[bound.key_id, bound.session] = bound
            self._shelf.put(bound)
