"""The pool: which tavern does what no tavern was named for.

A pin goes before every policy. Then, by the setting `pool_policy`:

    least_loaded   the tavern with the fewest requests for each place of the lane; of equals the one that came first
    random         any of those that are there
    pinned         nothing is spread: what has no pin goes to the tavern that came first
    broadcast      every tavern gets a request of its own (`asking`); the asker's own id is that of the least loaded

Before all of that stand taverns that can do it: online, with the character, connected to a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from tavernlink.core.peers.directory import ANY, Directory
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.work.requests import Lane, Request
from tavernlink.errors import BadMessage, NotFound, Unavailable

if TYPE_CHECKING:
    from tavernlink.core.seams import Ids, Shelf

__all__ = ["Pin", "Policy", "Pool", "character_id", "is_there", "reaches"]

Policy = Literal["least_loaded", "random", "pinned", "broadcast"]


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """An admin's word on where a character's requests go."""

    character: str
    """Id or name; `*`: everything without a pin of its own."""
    tavern: str
    """Id or name."""


class Pool:
    """Chooses among the taverns that there are."""

    def __init__(self, directory: Directory, ids: Ids, shelf: Shelf[Pin], policy: Policy) -> None:
        self._directory = directory
        self._ids = ids
        self._shelf = shelf
        self.policy: Policy = policy
        self.pins = {pin.character: pin for pin in shelf.load()}

    def pin(self, character: str, tavern: str | None) -> None:
        """Set a pin; without a tavern, take it away."""
        if tavern is not None:
            self.pins[character] = Pin(character=character, tavern=tavern)
            self._shelf.put(self.pins[character])
        elif self.pins.pop(character, None) is not None:
            self._shelf.remove(character)

    def choose(
        self,
        character: str | None,
        lane: Lane,
        limits: tuple[str, ...] | None = None,
        command: str | None = None,
    ) -> Tavern:
        """Return the tavern that is to do it. Raises `no_tavern`, `unknown_character` or `unknown_command`."""
        able = self.able(character, lane, limits, command)
        pinned = self._pinned(character, able)
        if pinned is not None:
            return pinned
        online = [tavern for tavern in able if tavern.online] or able
        if self.policy == "random":
            return online[int(self._ids.secret(), 16) % len(online)]
        if self.policy == "pinned":
            return min(online, key=lambda tavern: tavern.joined)
        return able[0]

    def able(
        self,
        character: str | None,
        lane: Lane,
        limits: tuple[str, ...] | None = None,
        command: str | None = None,
    ) -> list[Tavern]:
        """Taverns that can do it, best first. `command`: one of the catalogue that they must know.

        Raises `no_tavern`, `unknown_character` or `unknown_command`.
        """
        there = [
            tavern
            for tavern in self._directory.taverns.values()
            if is_there(tavern) and reaches(limits, tavern)
        ]
        if not there:
            raise Unavailable("no_tavern")
        found = [tavern for tavern in there if _has(tavern, character)]
        if not found:
            raise NotFound(
                "unknown_character",
                f"No tavern has a character or group {character!r}. `character.list` shows those there are.",
                {"character": character},
            )
        if command is not None:
            found = [tavern for tavern in found if tavern.knows(command)]
            if not found:
                raise BadMessage(
                    "unknown_command",
                    f"No tavern that is there knows {command!r}. Update the Tavernlink extension in SillyTavern.",
                    {"command": command},
                )
        return sorted(found, key=lambda tavern: _burden(tavern, lane))

    def may_take(self, tavern: Tavern, request: Request) -> bool:
        """True if a request that waits elsewhere may go to this tavern instead."""
        return (
            request.pool == "any"
            and request.session_name is None
            and self.policy != "pinned"
            and reaches(request.limits, tavern)
            and _has(tavern, request.character)
            and (request.by_name is None or tavern.knows(request.by_name))
            and self._pin_of(request.character) is None
        )

    def _pin_of(self, character: str | None) -> Pin | None:
        return self.pins.get(character or ANY) or self.pins.get(ANY)

    def _pinned(self, character: str | None, able: list[Tavern]) -> Tavern | None:
        """The pinned tavern, if it is there and able: a pin to one that is gone holds nothing up."""
        pin = self._pin_of(character)
        words = () if pin is None else (pin.tavern,)
        return next((tavern for tavern in able if tavern.id in words or tavern.name in words), None)


def is_there(tavern: Tavern) -> bool:
    """True while it is online or its session may still go on."""
    return tavern.online or tavern.session.expires is not None


def reaches(limits: tuple[str, ...] | None, tavern: Tavern) -> bool:
    """True if a key with these limits may use this tavern."""
    return limits is None or tavern.id in limits or tavern.name in limits


def character_id(tavern: Tavern, wanted: str) -> str:
    """Return the tavern's own id of a character. Raises `unknown_character`."""
    found = tavern.find_character(wanted)
    if found is None and tavern.characters:
        raise NotFound(
            "unknown_character",
            f"The tavern {tavern.name!r} has no character or group {wanted!r}. `character.list` shows those it has.",
            {"character": wanted},
        )
    return found.id if found else wanted


def _has(tavern: Tavern, character: str | None) -> bool:
    """True if it has the character, or has not told yet which it has."""
    return character is None or not tavern.characters or tavern.find_character(character) is not None


def _burden(tavern: Tavern, lane: Lane) -> tuple[bool, bool, bool, float, int]:
    """What speaks against a tavern, weightiest first."""
    state = tavern.state
    group_open = any(each.kind == "group" and each.id == state.character_id for each in tavern.characters)
    load = tavern.lanes.load(lane)
    if state.generating and not tavern.lanes.load("visible"):
        load += 1  # the person's own generation
    return (
        not tavern.online,
        lane == "detached" and (group_open or tavern.versions is None),
        state.backend is None,
        load,
        tavern.joined,
    )
