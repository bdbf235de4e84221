"""Who wants to hear what. Answers come from a table that is made on the first question and dropped on any change, so a
delta costs one dictionary look-up however many apps and globs there are.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from tavernlink.core.peers.session import Session

__all__ = ["Subscriptions"]

_EVENT = "event."


class Subscriptions:
    """(tavern or `*`, glob) pairs of each session."""

    def __init__(self) -> None:
        self._wants: dict[Session, set[tuple[str, str]]] = {}
        self._routes: dict[tuple[str, str], tuple[Session, ...]] = {}
        self.epoch = 0
        """Grows with every change; whoever keeps an answer compares it."""

    def add(self, session: Session, tavern: str, globs: list[str]) -> None:
        """Subscribe; asking twice changes nothing."""
        self._wants.setdefault(session, set()).update((tavern, glob) for glob in globs)
        self.changed()

    def remove(self, session: Session, tavern: str, globs: list[str]) -> None:
        """Take back what the same words subscribed to; no globs: everything for that tavern."""
        wants = self._wants.get(session, set())
        wants -= {(where, glob) for where, glob in wants if where == tavern and (not globs or glob in globs)}
        self.changed()

    def drop(self, session: Session) -> None:
        """Forget a session."""
        self._wants.pop(session, None)
        self.changed()

    def count(self, session: Session) -> int:
        """How many pairs this session holds."""
        return len(self._wants.get(session, ()))

    def changed(self) -> None:
        """Drop every kept answer."""
        self._routes.clear()
        self.epoch += 1

    def route(self, tavern: str, topic: str) -> tuple[Session, ...]:
        """Sessions that want this topic of this tavern."""
        found = self._routes.get((tavern, topic))
        if found is None:
            found = tuple(
                session
                for session, wants in self._wants.items()
                if any(where in ("*", tavern) and fnmatchcase(topic, glob) for where, glob in wants)
            )
            # SillyTavern has a few hundred event names; a tavern that invents more must not fill the memory.
            if len(self._routes) < 10_000:
                self._routes[tavern, topic] = found
        return found

    def wanted_events(self, tavern: str) -> list[str]:
        """Globs over SillyTavern's event names that somebody wants of this tavern, sorted."""
        wanted: set[str] = set()
        for wants in self._wants.values():
            for where, glob in wants:
                if where in ("*", tavern):
                    if glob.startswith(_EVENT):
                        wanted.add(glob[len(_EVENT) :])
                    elif _EVENT.startswith(_literal_start(glob)) and _literal_start(glob) != glob:
                        wanted.add("*")
        return ["*"] if "*" in wanted else sorted(wanted)


def _literal_start(glob: str) -> str:
    for place, character in enumerate(glob):
        if character in "*?[":
            return glob[:place]
    return glob
