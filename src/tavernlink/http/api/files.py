"""Pictures, cards and files of a tavern at addresses of their own, as their bytes: an `<img>` can show them.

Each is a command that gives a file (`GET /api/taverns/{tavern}/commands/{name}` has them all); these are the ones that
people look at.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import Controller, Response, get
from litestar.params import FromPath, PathParameter, QueryParameter

from tavernlink.http.api.answers import submit, tavern_of
from tavernlink.http.api.commands import file_answer
from tavernlink.http.caller import AsCaller, HttpRequest
from tavernlink.protocol.commands.asking import CommandRun

__all__ = ["FileRoutes"]

_Thumbnail = Annotated[
    bool, QueryParameter(description="True: the small one that SillyTavern shows beside messages.")
]
_Format = Annotated[Literal["png", "json"], QueryParameter(name="format", description="Form of the card.")]
_Place = Annotated[int, PathParameter(ge=0)]


class FileRoutes(Controller):
    """Files of one tavern; the tavern by its id or name, or `default`."""

    path = "/taverns/{tavern:str}"
    tags = ["files"]

    @get("/characters/{character:str}/avatar", summary="A character's picture")
    async def character_avatar(
        self,
        caller: AsCaller,
        request: HttpRequest,
        tavern: FromPath[str],
        character: FromPath[str],
        thumbnail: _Thumbnail = False,  # noqa: FBT002 (a word of the address)
    ) -> Response[Any]:
        """`character.avatar`; the character by its id or name."""
        args = {"character": character, "thumbnail": thumbnail}
        return await _give(caller, request, tavern, "character.avatar", args)

    @get("/characters/{character:str}/card", summary="A character's card as a file")
    async def character_card(
        self,
        caller: AsCaller,
        request: HttpRequest,
        tavern: FromPath[str],
        character: FromPath[str],
        form: _Format = "png",
    ) -> Response[Any]:
        """`character.export_card`."""
        args = {"character": character, "format": form}
        return await _give(caller, request, tavern, "character.export_card", args)

    @get("/characters/{character:str}/expressions/{expression:str}", summary="The picture of an expression")
    async def expression(
        self,
        caller: AsCaller,
        request: HttpRequest,
        tavern: FromPath[str],
        character: FromPath[str],
        expression: FromPath[str],
    ) -> Response[Any]:
        """`expression.get`."""
        args = {"character": character, "expression": expression}
        return await _give(caller, request, tavern, "expression.get", args)

    @get("/personas/{persona:str}/avatar", summary="A persona's picture")
    async def persona_avatar(
        self,
        caller: AsCaller,
        request: HttpRequest,
        tavern: FromPath[str],
        persona: FromPath[str],
        thumbnail: _Thumbnail = False,  # noqa: FBT002 (a word of the address)
    ) -> Response[Any]:
        """`persona.avatar`."""
        args = {"persona": persona, "thumbnail": thumbnail}
        return await _give(caller, request, tavern, "persona.avatar", args)

    @get("/chat/messages/{index:int}/files/{file:int}", summary="A file of a message of the open chat")
    async def message_file(
        self, caller: AsCaller, request: HttpRequest, tavern: FromPath[str], index: _Place, file: _Place
    ) -> Response[Any]:
        """`file.get`; places count from 0."""
        return await _give(caller, request, tavern, "file.get", {"index": index, "file": file})


async def _give(
    caller: AsCaller, request: HttpRequest, tavern: str, name: str, args: dict[str, Any]
) -> Response[Any]:
    content = CommandRun(name=name, args=args, tavern=tavern_of(tavern))
    return file_answer(await submit(caller, request, "command.run", content, wait=True))
