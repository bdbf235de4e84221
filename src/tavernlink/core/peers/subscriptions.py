"""Who wants to hear what. Answers come from a table that is made on the first question and dropped on any change, so a
delta costs one dictionary look-up however many apps and globs there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Literal

from tavernlink.core.peers.session import Session

__all__ = ["Place", "Subscriptions", "in_room"]

_EVENT = "event."
_STEADY = ("stats.", "traffic.")
"""Topics that come every second whether anything happens or not."""

Place = str | tuple[Literal["room", "member"], str]
"""Where a topic comes from: a tavern's id, `*`, or the taverns of a room. `room`: the session asked for it; `member`:
it hears it because it is in the room."""


def in_room(room_id: str) -> Place:
    """Return the place that stands for every tavern of a room, now and later."""
    return ("room", room_id)


class Subscriptions:
    """(place, glob) pairs of each session."""

    def __init__(self, may_hear: Callable[[Session, str, str], bool]) -> None:
        self._may_hear = may_hear
        """(session, tavern's id, topic) → whether its key allows it; asked when an answer is made, not per event."""
        self._wants: dict[Session, set[tuple[Place, str]]] = {}
        self._at: dict[Place, dict[Session, set[str]]] = {}
        """The same by place: a tavern's events concern few of thousands of sessions."""
        self._numbers: dict[Session, int] = {}
        """In which order sessions began to want something; receivers keep it."""
        self._count = 0
        self._events: dict[Place, dict[str, dict[Session, None]]] = {}
        """Of these, globs that SillyTavern's own events may match, with those that want them: many apps, few globs."""
        self._places: dict[str, frozenset[Place]] = {}
        """Tavern → the places of the rooms that it is in."""
        self._routes: dict[tuple[str, str], tuple[Session, ...]] = {}
        self.epoch = 0
        """Grows with every change; whoever keeps an answer compares it."""

    def add(self, session: Session, place: Place, globs: Iterable[str]) -> None:
        """Subscribe; asking twice changes nothing."""
        wants = self._wants.setdefault(session, set())
        if session not in self._numbers:
            self._count += 1
            self._numbers[session] = self._count
        for glob in globs:
            wants.add((place, glob))
            self._at.setdefault(place, {}).setdefault(session, set()).add(glob)
            if _event_names(glob) is not None:
                self._events.setdefault(place, {}).setdefault(glob, {})[session] = None
        self.changed()

    def remove(self, session: Session, place: Place, globs: list[str]) -> None:
        """Take back what the same words subscribed to; no globs: everything for that place."""
        wants = self._wants.get(session, set())
        gone = {(where, glob) for where, glob in wants if where == place and (not globs or glob in globs)}
        wants -= gone
        self._forget(session, gone)
        self.changed()

    def join(self, session: Session, room_id: str, globs: Iterable[str]) -> None:
        """A member of a room hears this of the room's taverns, until `leave`."""
        self.add(session, ("member", room_id), globs)

    def leave(self, session: Session, room_id: str) -> None:
        """A session hears nothing of a room any more, asked for or not."""
        self.remove(session, ("member", room_id), [])
        self.remove(session, ("room", room_id), [])

    def place(self, tavern: str, room_ids: Iterable[str]) -> None:
        """Say which rooms a tavern is in."""
        places: set[Place] = set()
        for room_id in room_ids:
            places |= {("member", room_id), in_room(room_id)}
        if places:
            self._places[tavern] = frozenset(places)
        else:
            self._places.pop(tavern, None)
        self.changed()

    def drop(self, session: Session) -> None:
        """Forget a session."""
        self._forget(session, self._wants.pop(session, set()))
        self._numbers.pop(session, None)
        self.changed()

    def count(self, session: Session) -> int:
        """How many pairs this session asked for."""
        return sum(1 for where, _ in self._wants.get(session, ()) if where[0] != "member")

    def changed(self) -> None:
        """Drop every kept answer."""
        self._routes.clear()
        self.epoch += 1

    def route(self, tavern: str, topic: str) -> tuple[Session, ...]:
        """Sessions that want this topic of this tavern."""
        found = self._routes.get((tavern, topic))
        if found is None:
            wanting = {
                session
                for place in self._places_of(tavern)
                for session, globs in self._at.get(place, {}).items()
                if any(_means(glob, topic) for glob in globs)
            }
            found = tuple(
                session
                for session in sorted(wanting, key=self._numbers.__getitem__)
                if self._may_hear(session, tavern, topic)
            )
            # SillyTavern has a few hundred event names; a tavern that invents more must not fill the memory.
            if len(self._routes) < 10_000:
                self._routes[tavern, topic] = found
        return found

    def wanted_events(self, tavern: str) -> list[str]:
        """Globs over SillyTavern's event names that somebody wants of this tavern, sorted."""
        wanted: set[str] = set()
        for place in self._places_of(tavern):
            for glob, sessions in self._events.get(place, {}).items():
                if any(self._may_hear(session, tavern, _EVENT) for session in sessions):
                    wanted.add(_event_names(glob) or "")
        return ["*"] if "*" in wanted else sorted(wanted)

    def _forget(self, session: Session, gone: Iterable[tuple[Place, str]]) -> None:
        for place, glob in gone:
            here = self._at[place]
            here[session].discard(glob)
            if not here[session]:
                del here[session]
            if not here:
                del self._at[place]
            events = self._events.get(place, {})
            if glob in events:
                events[glob].pop(session, None)
                if not events[glob]:
                    del events[glob]
                if not events:
                    del self._events[place]

    def _places_of(self, tavern: str) -> frozenset[Place]:
        return self._places.get(tavern, frozenset[Place]()) | {"*", tavern}


def _means(glob: str, topic: str) -> bool:
    """True if a subscription to this glob brings this topic. What comes all the time must be asked for by its noun."""
    if topic.startswith(_STEADY) and not glob.startswith(_STEADY):
        return False
    return fnmatchcase(topic, glob)


def _event_names(glob: str) -> str | None:
    """Which of SillyTavern's event names a glob over topics may match, as a glob; None: none."""
    if glob.startswith(_EVENT):
        return glob[len(_EVENT) :]
    start = _literal_start(glob)
    return "*" if _EVENT.startswith(start) and start != glob else None


def _literal_start(glob: str) -> str:
    for place, character in enumerate(glob):
        if character in "*?[":
            return glob[:place]
    return glob
