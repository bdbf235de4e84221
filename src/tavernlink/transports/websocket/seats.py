"""Ids for extensions that have none of their own: the same one again after a reconnect, another for a second tab."""

from __future__ import annotations

__all__ = ["Seats"]


class Seats:
    """`chatbridge`, `chatbridge-2`, …: the first that is free."""

    def __init__(self, name: str = "chatbridge") -> None:
        self._name = name
        self._taken: set[str] = set()

    def take(self) -> str:
        """Return a free id."""
        number = 1
        while (seat := self._name if number == 1 else f"{self._name}-{number}") in self._taken:
            number += 1
        self._taken.add(seat)
        return seat

    def leave(self, seat: str) -> None:
        """The id is free again."""
        self._taken.discard(seat)
