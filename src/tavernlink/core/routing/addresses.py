"""Who stands behind a target: peers by id and by name, the members of a room, everybody.

The index follows the sessions as they begin and end, so one peer among thousands is one look-up. Rooms are asked
through a small Protocol; a hub without rooms knows none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import App, Peer, Tavern
from tavernlink.core.peers.session import Session
from tavernlink.core.routing.rule import check_target
from tavernlink.errors import NotFound
from tavernlink.protocol.routing import Target

__all__ = ["Addresses", "NoRooms", "RoomDoors"]


class RoomDoors(Protocol):
    """What routing asks of rooms."""

    def enter(self, peer: Peer, room: str, size: int) -> None:
        """Raise unless this peer may send a message of this size into the room, e.g. `unknown_room`, `muted`."""

    def sessions(self, room: str) -> Iterable[Session]:
        """Sessions of the members. Raises `unknown_room`."""

    def words(self, room: str) -> tuple[str, str]:
        """Id and name. Raises `unknown_room`."""


class NoRooms:
    """Where there are none."""

    def enter(self, peer: Peer, room: str, size: int) -> None:
        """There is no room to enter."""
        raise NotFound("unknown_room", f"There is no room {room!r}.", {"room": room})

    def sessions(self, room: str) -> Iterable[Session]:
        """Nobody is in it."""
        raise NotFound("unknown_room", f"There is no room {room!r}.", {"room": room})

    def words(self, room: str) -> tuple[str, str]:
        """It has no name."""
        raise NotFound("unknown_room", f"There is no room {room!r}.", {"room": room})


class Addresses:
    """Sessions by the words that name their peers."""

    def __init__(self, directory: Directory, rooms: RoomDoors) -> None:
        self._directory = directory
        self.rooms = rooms
        self._by_word: dict[str, dict[str, Peer]] = {}
        """Id or name → session id → peer."""
        self._words: dict[str, tuple[str, str]] = {}

    def add(self, peer: Peer) -> None:
        """A session began. Peers that live for one call inside this process have no address."""
        if not peer.session.bounds.kept:
            return
        self._words[peer.session.id] = (peer.id, peer.name)
        for word in {peer.id, peer.name}:
            self._by_word.setdefault(word, {})[peer.session.id] = peer

    def discard(self, session: Session) -> None:
        """A session ended."""
        for word in set(self._words.pop(session.id, ())):
            peers = self._by_word[word]
            peers.pop(session.id, None)
            if not peers:
                del self._by_word[word]

    def check(self, peer: Peer, target: Target, size: int) -> None:
        """Raise unless this peer may send to this target at all."""
        check_target(target, "$.to")
        if target.room is not None:
            self.rooms.enter(peer, target.room, size)

    def find(self, target: Target) -> tuple[list[Peer], list[str]]:
        """Return the peers behind a target, each once, and the words that name nobody. Raises `unknown_room`."""
        unknown: list[str] = []
        found: dict[str, Peer] = {}
        if target.all:
            found = dict(self._everybody())
        elif target.room is not None:
            sessions = self._directory.sessions
            found = {
                session.id: sessions[session.id]
                for session in self.rooms.sessions(target.room)
                if session.id in sessions
            }
        else:
            for word in [target.peer] if target.peer is not None else target.peers or []:
                named = self.find_named(word)
                found.update(named)
                if not named:
                    unknown.append(word)
        if target.kind is None:
            return list(found.values()), unknown
        kind = Tavern if target.kind == "tavern" else App
        return [peer for peer in found.values() if isinstance(peer, kind)], unknown

    def words(self, target: Target) -> tuple[list[str], list[str]]:
        """Return ids and names of what a target addresses, as far as they are known; for rules."""
        if target.room is not None:
            try:
                id_, name = self.rooms.words(target.room)
            except NotFound:
                return [target.room], [target.room]
            return [id_], [name]
        ids: list[str] = []
        names: list[str] = []
        for word in [target.peer] if target.peer is not None else target.peers or []:
            peers = list(self.find_named(word).values())
            ids += [peer.id for peer in peers] or [word]
            names += [peer.name for peer in peers] or [word]
        return ids, names

    @property
    def size(self) -> int:
        """How many words and sessions it holds."""
        return len(self._by_word) + len(self._words)

    def find_named(self, word: str) -> dict[str, Peer]:
        """Return who has this id, or else this name: session id → peer."""
        peers = self._by_word.get(word, {})
        by_id = {session: peer for session, peer in peers.items() if peer.id == word}
        return by_id or peers

    def _everybody(self) -> Iterable[tuple[str, Peer]]:
        sessions = self._directory.sessions
        return ((session_id, sessions[session_id]) for session_id in self._words if session_id in sessions)
