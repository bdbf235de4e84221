"""`/api/sessions`: sessions that have a SillyTavern chat of their own."""

from __future__ import annotations

from litestar import Controller, delete, get
from litestar.params import FromPath, FromQuery

from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import AsCaller
from tavernlink.protocol.bindings import SessionForget, SessionInfo, SessionList
from tavernlink.protocol.message import Name

__all__ = ["SessionRoutes"]


class SessionRoutes(Controller):
    """A session begins with its first turn: `POST /api/taverns/any/chat` with `session` and `character`."""

    path = "/sessions"
    tags = ["sessions"]

    @get("/", summary="Sessions of this key and where their chats are; an admin sees everybody's")
    async def show(self, caller: AsCaller) -> Answer[list[SessionInfo]]:
        """`session.list`."""
        return ok(await caller.ask("session.list", SessionList()))

    @delete("/{session:str}", summary="Forget it: its next turn begins a new chat", status_code=200)
    async def forget(
        self, caller: AsCaller, session: FromPath[str], key: FromQuery[Name | None] = None
    ) -> Answer[dict[str, bool]]:
        """`session.forget`."""
        return ok(await caller.ask("session.forget", SessionForget(session=session, key=key)))
