"""Resources: the open chat, the characters and the lorebooks of each tavern."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import mcp_types as types
import msgspec
from mcp.shared.exceptions import MCPError

from tavernlink.errors import NotFound, TavernlinkError
from tavernlink.mcp.server.acting import outcome
from tavernlink.mcp.server.addresses import TEMPLATES, Address
from tavernlink.mcp.server.looking import transcript
from tavernlink.mcp.server.sight import Context, Sight, Sights
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.commands.worlds import WorldInfo
from tavernlink.protocol.taverns import Character, TavernInfo
from tavernlink.sdk.hub import Hub

__all__ = ["Resources"]

_PAGE = 200
_CHAT_MESSAGES = 200
_LIST_SECONDS = 5.0
_JSON = "application/json"
_TEXT = "text/plain"


class Resources:
    """Its methods are request handlers of the SDK's server."""

    def __init__(self, sights: Sights) -> None:
        self._sights = sights

    async def list(
        self, ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """Every chat, character and lorebook, in pages."""
        async with self._sights(ctx) as sight:
            found = list(await _everything(sight))
        start = _start(params)
        rest = start + _PAGE
        return types.ListResourcesResult(
            resources=found[start:rest], next_cursor=str(rest) if rest < len(found) else None
        )

    async def templates(
        self, ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """The three forms of address."""
        return types.ListResourceTemplatesResult(resource_templates=_TEMPLATES)

    async def read(self, ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        """One of them. Raises MCP's error for what is not there."""
        address = Address.parse(params.uri)
        try:
            if address is None:
                raise NotFound("unknown_path", f"There is no resource {params.uri[:200]!r}.")
            async with self._sights(ctx) as sight:
                text, kind = await _read(sight.hub, address)
        except TavernlinkError as error:
            data = {"code": error.code, "uri": params.uri, "details": error.details}
            number = types.INVALID_PARAMS if isinstance(error, NotFound) else types.INTERNAL_ERROR
            raise MCPError(number, error.message, data) from None
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=params.uri, mime_type=kind, text=text)]
        )


_TEMPLATES = [
    types.ResourceTemplate(
        uri_template=TEMPLATES["chat"],
        name="chat",
        title="Open chat",
        description=f"The last {_CHAT_MESSAGES} messages of a SillyTavern tab's open chat. `default` is the first tab.",
        mime_type=_TEXT,
    ),
    types.ResourceTemplate(
        uri_template=TEMPLATES["characters"],
        name="character",
        title="Character",
        description="A character's card, by its id or name.",
        mime_type=_JSON,
    ),
    types.ResourceTemplate(
        uri_template=TEMPLATES["lorebooks"],
        name="lorebook",
        title="Lorebook",
        description="A lorebook (world info) with its entries.",
        mime_type=_JSON,
    ),
]


async def _everything(sight: Sight) -> Iterable[types.Resource]:
    taverns = [each for each in await sight.hub.taverns() if each.online]
    characters = await sight.hub.characters()
    found = [_chat(each) for each in taverns]
    names = {each.tavern_id: each.name for each in taverns}
    found += [_character(each, names[each.tavern]) for each in characters if each.tavern in names]
    if sight.may("command.run"):
        for books in await asyncio.gather(*(_lorebooks(sight.hub, each) for each in taverns)):
            found += books
    return found


def _chat(tavern: TavernInfo) -> types.Resource:
    whom = f"with {tavern.character}" if tavern.character else "(none is open)"
    return types.Resource(
        uri=Address(tavern.tavern_id, "chat").uri,
        name=f"{tavern.name}: chat",
        title=f"Chat {whom}",
        description=f"The chat that is open in {tavern.name}.",
        mime_type=_TEXT,
    )


def _character(character: Character, tavern: str) -> types.Resource:
    return types.Resource(
        uri=Address(character.tavern or "", "characters", character.id).uri,
        name=f"{tavern}: {character.name}",
        title=character.name,
        description=f"A {character.kind} in {tavern}.",
        mime_type=_JSON,
    )


async def _lorebooks(hub: Hub, tavern: TavernInfo) -> list[types.Resource]:
    """Those of one tavern; none where it cannot say so soon, as what is no extension of ours cannot."""
    try:
        async with asyncio.timeout(_LIST_SECONDS):
            books = msgspec.convert(
                await outcome(hub.tavern(tavern.tavern_id).run("world.list")), list[WorldInfo]
            )
    except (TavernlinkError, TimeoutError, msgspec.ValidationError):
        return []
    return [
        types.Resource(
            uri=Address(tavern.tavern_id, "lorebooks", book.name).uri,
            name=f"{tavern.name}: {book.name}",
            title=book.name,
            description=f"A lorebook in {tavern.name}{', in use' if book.active else ''}.",
            mime_type=_JSON,
        )
        for book in books
    ]


async def _read(hub: Hub, address: Address) -> tuple[str, str]:
    if address.kind == "chat":
        view = await hub.tavern(address.asked).chat(limit=_CHAT_MESSAGES)
        return transcript(view.messages), _TEXT
    tavern = hub.tavern(address.asked)
    if address.kind == "characters":
        known = await tavern.characters()
        is_group = any(each.kind == "group" and address.name in (each.id, each.name) for each in known)
        kind = "group" if is_group else "character"
        asked = tavern.run(f"{kind}.get", {kind: address.name})
    else:
        asked = tavern.run("world.get", {"name": address.name})
    return encode_json(await outcome(asked)).decode(), _JSON


def _start(params: types.PaginatedRequestParams | None) -> int:
    cursor = params.cursor if params is not None else None
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdecimal():
        raise MCPError(types.INVALID_PARAMS, "This cursor is none of this server's.")
    return int(cursor)
