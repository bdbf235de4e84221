"""Sessions: where a session's turns go, and that each goes to its own chat.

The first turn chooses a tavern and makes a chat; its end binds (key, session) to (tavern, character, chat). From then
on every turn names that chat, and the tavern checks it before it sends a word. A turn runs only while no other turn of
the session does, on whichever tab, and while nobody writes to its chat in another tab of the same SillyTavern.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from tavernlink.core.access.keys import Key
from tavernlink.core.peers.directory import ANY, Directory
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.work.bindings import Binding, Bindings
from tavernlink.core.work.pool import Pool, character_id, is_there, reaches
from tavernlink.core.work.requests import Request
from tavernlink.errors import Conflict, Unavailable

__all__ = ["Sessions"]

_RETRY_AFTER = 5  # seconds


class Sessions:
    """Bindings, and the rules for using them."""

    def __init__(self, directory: Directory, bindings: Bindings, pool: Pool) -> None:
        self.bindings = bindings
        self._directory = directory
        self._pool = pool
        self._opening: dict[tuple[str, str], Binding] = {}
        """Sessions whose first turn is not over: the turns behind it go to the same tavern."""
        self.turns: Counter[tuple[str, str]] = Counter()
        """Turns of each session that have no final state."""

    def place(self, key: Key, session: str, tavern: str | None, character: str | None) -> Tavern:
        """Return the tavern for a turn.

        Raises `session_bound` where the session is with somebody else, `tavern_gone` where no tab has its chat.
        """
        bound = self.bindings.find(key.id, session) or self._opening.get((key.id, session))
        if bound is None:
            return self._first(key, tavern, character)
        home = self.home(bound, key.taverns)
        if home is None:
            raise Unavailable(
                "tavern_gone",
                f"No connected tavern has the chat of the session {session!r}. Open its SillyTavern, "
                "or give the session up with `session.forget` to begin a new chat elsewhere.",
                {"session": session, "tavern": bound.tavern_id, "retry_after": _RETRY_AFTER},
            )
        if tavern not in (None, ANY, "any", "default"):
            asked = self._directory.resolve(tavern, key)
            if asked is not home and not _same_server(asked, home.state.server):
                raise _bound(session, f"in the tavern {home.name!r}")
        self._check_character(home, bound, session, character)
        return home

    def home(self, bound: Binding, limits: tuple[str, ...] | None) -> Tavern | None:
        """Return the tab that the session's turns go to: its own, else another one of the same SillyTavern.

        Of those that a key with these limits reaches.
        """
        own = self._directory.taverns.get(bound.tavern_id)
        mine = (
            own is not None
            and is_there(own)
            and reaches(limits, own)
            and not _other_server(own, bound.server)
        )
        if own is not None and mine and own.online:
            return own
        others = [
            tavern
            for tavern in self._directory.taverns.values()
            if tavern.online and reaches(limits, tavern) and _same_server(tavern, bound.server)
        ]
        others.sort(key=lambda tavern: (tavern.lanes.load("visible"), tavern.joined))
        return others[0] if others else own if mine else None

    def open_elsewhere(self, tavern: Tavern) -> Binding | None:
        """Return the session whose chat this tab shows while its turns are another tab's; None: there is none."""
        state = tavern.state
        for bound in self.bindings.of_chat(state.chat_id) if state.server is not None else ():
            if (
                bound.character == state.character_id
                and bound.server == state.server
                and bound.tavern_id != tavern.id
            ):
                return bound
        return None

    def begin(self, request: Request) -> None:
        """A turn was taken in."""
        name = _name(request)
        self.turns[name] += 1
        if self.bindings.find(*name) is None and name not in self._opening:
            self._opening[name] = Binding(
                key_id=name[0],
                session=name[1],
                tavern_id=request.tavern_id,
                server=self._server(request),
                character=request.args.get("character"),
            )

    def args(self, request: Request) -> dict[str, Any]:
        """Return the command's arguments: with the chat as the turn before left it."""
        args: dict[str, Any] = {"name": request.session_name, **request.args}
        bound = self.bindings.find(*_name(request))
        if bound is not None:
            args.update(character=bound.character, chat_id=bound.chat_id)
        return args

    def may_run(self, tavern: Tavern, request: Request) -> bool:
        """True if no other turn of this session runs, and nobody writes to its chat in another tab."""
        taverns = self._directory.taverns.values()
        if any(_name(taken) == _name(request) for each in taverns for taken in each.lanes.taken()):
            return False
        bound = self.bindings.find(*_name(request))
        return bound is None or not any(
            each.state.generating for each in self._showing(bound, tavern.state.server) if each is not tavern
        )

    def old_copies(self, request: Request) -> list[tuple[Tavern, Binding]]:
        """Return the other tabs that show the chat of a turn that is over: they would save over it what they have."""
        bound = self.bindings.find(*_name(request)) if request.session_name is not None else None
        tabs = self._showing(bound, bound.server) if bound is not None else []
        return [(tavern, bound) for tavern in tabs if bound is not None and tavern.id != request.tavern_id]

    def settle(self, request: Request, result: Any, wall: float) -> None:
        """A turn went well: remember where its chat is, under the id that its character has now."""
        chat_id = result.get("chat_id") if isinstance(result, dict) else None
        if not isinstance(chat_id, str):
            return
        before = self.bindings.find(*_name(request))
        character = result.get("character_id") or request.args.get("character")
        bound = Binding(
            key_id=request.key_id,
            session=request.session_name or "",
            tavern_id=request.tavern_id,
            server=self._server(request),
            character=character or (before.character if before else None),
            chat_id=chat_id,
            used=wall,
        )
        if before is not None and bound == msgspec.structs.replace(before, used=wall):
            bound = msgspec.structs.replace(bound, used=_coarse(before.used, wall))
        self.bindings.put(bound)

    def end(self, request: Request) -> None:
        """A turn has its final state."""
        name = _name(request)
        self.turns[name] -= 1
        if self.turns[name] <= 0:
            del self.turns[name]
            self._opening.pop(name, None)
        elif self.bindings.find(*name) is not None:
            self._opening.pop(name, None)

    def forget(self, key_id: str, session: str) -> bool:
        """Give a session up; its next turn begins a new chat. Raises `session_busy` while a turn is open."""
        if self.turns[key_id, session]:
            raise Conflict("session_busy", details={"session": session})
        return self.bindings.remove(key_id, session)

    def _first(self, key: Key, tavern: str | None, character: str | None) -> Tavern:
        if tavern in (ANY, "any") or (tavern is None and character is not None):
            return self._pool.choose(character, "visible", key.taverns)
        return self._directory.resolve(tavern, key)

    def _check_character(self, home: Tavern, bound: Binding, session: str, character: str | None) -> None:
        if character is None or bound.character is None or character == bound.character:
            return
        wanted = character_id(home, character)
        # Where the bound character is gone it may have been renamed: the tavern finds it by its chat.
        if wanted != bound.character and any(each.id == bound.character for each in home.characters):
            raise _bound(session, f"with the character {bound.character!r}")

    def _showing(self, bound: Binding, server: str | None) -> list[Tavern]:
        return [
            tavern
            for tavern in self._directory.taverns.values()
            if tavern.online
            and _same_server(tavern, server)
            and (tavern.state.character_id, tavern.state.chat_id) == (bound.character, bound.chat_id)
        ]

    def _server(self, request: Request) -> str | None:
        tavern = self._directory.taverns.get(request.tavern_id)
        return tavern.state.server if tavern else None


def _name(request: Request) -> tuple[str, str]:
    return request.key_id, request.session_name or ""


def _same_server(tavern: Tavern, server: str | None) -> bool:
    return server is not None and tavern.state.server == server


def _other_server(tavern: Tavern, server: str | None) -> bool:
    """True if this tab, once of the binding's SillyTavern, now belongs to another one at the same address."""
    return None not in (server, tavern.state.server) and tavern.state.server != server


def _bound(session: str, to_what: str) -> Conflict:
    return Conflict(
        "session_bound",
        f"The session {session!r} is held {to_what}. Use another session, or give this one up "
        "with `session.forget`.",
        {"session": session},
    )


def _coarse(before: float | None, wall: float) -> float:
    """A write for each turn would wear the disk for nothing: "last used" is shown to the minute."""
    return wall if before is None or wall - before > 60 else before
