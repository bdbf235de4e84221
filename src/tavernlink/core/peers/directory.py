"""Who is known: taverns, apps and their sessions, and how a name in a message finds its tavern."""

from __future__ import annotations

from tavernlink.core.access.keys import Key
from tavernlink.core.peers.peer import App, Tavern
from tavernlink.core.peers.session import Session
from tavernlink.errors import NotFound, Unavailable
from tavernlink.protocol.taverns import Character

__all__ = ["ANY", "Directory"]

ANY = "*"
"""As a tavern's name: whichever there is."""


class Directory:
    """Taverns by id; peers by session.

    Where a key is given, what lies outside its limits is as if it were not there.
    """

    def __init__(self) -> None:
        self.taverns: dict[str, Tavern] = {}
        self.sessions: dict[str, App | Tavern] = {}
        self._joined = 0

    def next_joined(self) -> int:
        """Return a number that orders taverns by arrival."""
        self._joined += 1
        return self._joined

    def peer_of(self, session: Session) -> App | Tavern | None:
        """Return whose session this is."""
        return self.sessions.get(session.id)

    def default(self, key: Key | None = None) -> Tavern | None:
        """Return the tavern that came first of those online; else of those whose grace still runs."""
        found = sorted(self.listed(key), key=lambda tavern: not tavern.online)
        return found[0] if found and (found[0].online or found[0].session.expires is not None) else None

    def resolve(self, wanted: str | None, key: Key | None = None) -> Tavern:
        """Return the tavern with this id or name; without one, the default. Raises `no_tavern`, `unknown_tavern`."""
        if wanted is None or wanted in (ANY, "default"):
            named_so = self.taverns.get("default")
            tavern = named_so if named_so and _reaches(key, named_so) else self.default(key)
            if tavern is None:
                raise Unavailable("no_tavern")
            return tavern
        by_id = self.taverns.get(wanted)
        if by_id is not None and _reaches(key, by_id):
            return by_id
        named = [tavern for tavern in self.listed(key) if tavern.name == wanted]
        named.sort(key=lambda tavern: not tavern.online)
        if not named:
            raise NotFound(
                "unknown_tavern",
                f"No tavern within this key's reach has the id or name {wanted!r}. `tavern.list` shows them.",
                {"tavern": wanted},
            )
        return named[0]

    def listed(self, key: Key | None = None) -> list[Tavern]:
        """Taverns in order of arrival."""
        found = [tavern for tavern in self.taverns.values() if _reaches(key, tavern)]
        return sorted(found, key=lambda tavern: tavern.joined)

    def characters(self, tavern: str | None, key: Key | None = None) -> list[Character]:
        """Characters and groups of one tavern, or of all that are online, with their tavern filled in."""
        taverns = (
            [self.resolve(tavern, key)] if tavern else [each for each in self.listed(key) if each.online]
        )
        return [
            Character(id=character.id, name=character.name, kind=character.kind, tavern=each.id)
            for each in taverns
            for character in each.characters
        ]


def _reaches(key: Key | None, tavern: Tavern) -> bool:
    return key is None or key.reaches_tavern(tavern.id, tavern.name)
