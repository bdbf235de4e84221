"""The two kinds of peers: apps and taverns, as the hub remembers them."""

from __future__ import annotations

import msgspec

from tavernlink.core.access.keys import Key
from tavernlink.core.limits import RateLimit
from tavernlink.core.peers.session import Session
from tavernlink.core.relay.mirror import ChatMirror
from tavernlink.core.relay.streams import Stream
from tavernlink.core.work.lanes import Lanes
from tavernlink.protocol.session import Versions
from tavernlink.protocol.taverns import Character, TavernInfo, TavernState

__all__ = ["App", "Peer", "Tavern"]


class Peer:
    """Whoever is connected, or was a moment ago."""

    __slots__ = ("address", "id", "key", "name", "rate", "session")

    def __init__(
        self, id_: str, *, name: str, key: Key, session: Session, rate: RateLimit, address: str
    ) -> None:
        self.id = id_
        self.name = name
        self.key = key
        self.session = session
        self.rate = rate
        self.address = address

    @property
    def is_local(self) -> bool:
        """True for a part of the hub itself: nobody who came by a door, under a key that is in no keyring."""
        return not self.key.id

    @property
    def member_id(self) -> str:
        """Who it is for rooms and readers of chats: the same after a reconnect under the same key and id."""
        return f"{self.key.id}.{self.id}"


class App(Peer):
    """A connected outside program."""

    __slots__ = ("chosen",)

    def __init__(
        self,
        id_: str,
        *,
        name: str,
        key: Key,
        session: Session,
        rate: RateLimit,
        address: str,
        chosen: bool = False,
    ) -> None:
        super().__init__(id_, name=name, key=key, session=session, rate=rate, address=address)
        self.chosen = chosen
        """It named its id itself, and comes back under it: what it misses waits in its inbox."""


class Tavern(Peer):
    """One SillyTavern tab. Outlives its sessions while requests wait for it."""

    __slots__ = (
        "characters",
        "commands",
        "joined",
        "lanes",
        "mirror",
        "report_due",
        "state",
        "streams",
        "unsure",
        "versions",
        "wanted",
    )

    def __init__(
        self,
        id_: str,
        *,
        name: str,
        key: Key,
        session: Session,
        rate: RateLimit,
        address: str,
        lanes: Lanes,
        joined: int,
    ) -> None:
        super().__init__(id_, name=name, key=key, session=session, rate=rate, address=address)
        self.lanes = lanes
        self.joined = joined
        """Order of arrival; the first one that is online is the default tavern."""
        self.mirror = ChatMirror()
        self.state = TavernState()
        self.characters: list[Character] = []
        self.versions: Versions | None = None
        self.commands: frozenset[str] | None = None
        """The commands of the catalogue that it knows; None: it has told of none."""
        self.streams: dict[str, Stream] = {}
        self.report_due: float | None = None
        """Until when it must say which commands it knows; None: it need not."""
        self.unsure: frozenset[str] = frozenset()
        """The commands in question."""
        self.wanted: list[str] = []
        """Globs of the SillyTavern events that it was last asked for."""

    @property
    def member_id(self) -> str:
        """Its own id: a tavern is one whoever speaks through it."""
        return self.id

    @property
    def online(self) -> bool:
        """True while its line is up."""
        return self.session.link is not None

    def info(self) -> TavernInfo:
        """Return what apps see of it."""
        return TavernInfo(
            tavern_id=self.id,
            name=self.name,
            online=self.online,
            queued=self.lanes.waiting,
            running=self.lanes.running,
            versions=self.versions,
            **msgspec.structs.asdict(self.state),
        )

    def knows(self, command: str) -> bool:
        """True if it has told that it knows this command."""
        return self.commands is not None and command in self.commands

    def find_character(self, wanted: str) -> Character | None:
        """Return the character or group with this id, or with this name."""
        named = None
        for character in self.characters:
            if character.id == wanted:
                return character
            if named is None and character.name == wanted:
                named = character
        return named
