"""`/api/inbox`: what waits for an app of one's own key that is away."""

from __future__ import annotations

from litestar import Controller, delete, get
from litestar.params import FromPath, FromQuery

from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import AsCaller
from tavernlink.protocol.inbox import InboxGet, InboxMessage, InboxTaken

__all__ = ["InboxRoutes"]


class InboxRoutes(Controller):
    """An app has an inbox once it has connected with an id of its own choice."""

    path = "/inbox"
    tags = ["inbox"]

    @get("/{app:str}", summary="What waits for an app of this key, oldest first")
    async def show(self, caller: AsCaller, app: FromPath[str]) -> Answer[list[InboxMessage]]:
        """`inbox.get`."""
        return ok(await caller.ask("inbox.get", InboxGet(app=app)))

    @delete("/{app:str}", summary="Take out everything up to a number", status_code=200)
    async def take(
        self, caller: AsCaller, app: FromPath[str], upto: FromQuery[int]
    ) -> Answer[dict[str, int]]:
        """`inbox.taken`."""
        return ok(await caller.ask("inbox.taken", InboxTaken(app=app, upto=upto)))
