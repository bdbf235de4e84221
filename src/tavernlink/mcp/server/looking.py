"""Tools that look: taverns, characters, chats, requests."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from tavernlink.mcp.server.acting import run_command
from tavernlink.mcp.server.parts import answer_of
from tavernlink.mcp.server.tool import Answer, Arguments, Call, Tavern, Tool
from tavernlink.protocol.chat import ChatMessage

__all__ = ["TOOLS", "transcript"]


class Nothing(Arguments):
    """No arguments."""


class ListCharacters(Arguments):
    """Arguments of `list_characters`."""

    tavern: Annotated[
        str | None, msgspec.Meta(description="Id or name of the SillyTavern tab; left out: all of them.")
    ] = None
    search: Annotated[str | None, msgspec.Meta(description="Only those whose name has this in it.")] = None


class GetCharacter(Arguments):
    """Arguments of `get_character`."""

    character: Annotated[str, msgspec.Meta(min_length=1, max_length=200, description="Name or id.")]
    tavern: Tavern = None


class ListChats(Arguments):
    """Arguments of `list_chats`."""

    character: Annotated[str | None, msgspec.Meta(description="Name or id of a character.")] = None
    group: Annotated[str | None, msgspec.Meta(description="Name or id of a group instead.")] = None
    tavern: Tavern = None


class ReadChat(Arguments):
    """Arguments of `read_chat`."""

    tavern: Tavern = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000, description="How many messages at most.")] = 20
    before: Annotated[
        Annotated[int, msgspec.Meta(ge=0)] | None,
        msgspec.Meta(description="Only messages before this index, to page backwards."),
    ] = None


class ListRequests(Arguments):
    """Arguments of `list_requests`."""

    tavern: Annotated[str | None, msgspec.Meta(description="Id or name of the SillyTavern tab.")] = None
    open: Annotated[bool, msgspec.Meta(description="True: only those that wait or run.")] = True


async def _list_taverns(call: Call, _: Nothing) -> Answer:
    return answer_of({"taverns": msgspec.to_builtins(await call.hub.taverns())})


async def _list_characters(call: Call, arguments: ListCharacters) -> Answer:
    found = await call.hub.characters(arguments.tavern)
    word = (arguments.search or "").casefold()
    fit = [each for each in found if word in each.name.casefold()]
    return answer_of({"characters": msgspec.to_builtins(fit)})


async def _get_character(call: Call, arguments: GetCharacter) -> Answer:
    sheet = await run_command(call, arguments.tavern, "character.get", {"character": arguments.character})
    return answer_of(sheet)


async def _list_chats(call: Call, arguments: ListChats) -> Answer:
    words = {"character": arguments.character, "group": arguments.group}
    args = {name: word for name, word in words.items() if word is not None}
    return answer_of(await run_command(call, arguments.tavern, "chat.list", args), name="chats")


async def _read_chat(call: Call, arguments: ReadChat) -> Answer:
    view = await call.hub.tavern(arguments.tavern).chat(limit=arguments.limit, before=arguments.before)
    head = f"Chat {view.chat_id}, {view.total} messages.\n\n" if view.chat_id else "No chat is open.\n\n"
    return Answer((head + transcript(view.messages)).strip(), msgspec.to_builtins(view))


async def _list_requests(call: Call, arguments: ListRequests) -> Answer:
    found = await call.hub.requests.list(tavern=arguments.tavern, open=arguments.open)
    return answer_of({"requests": msgspec.to_builtins(found)})


def transcript(messages: list[ChatMessage]) -> str:
    """Return messages as people read them, each with its index."""
    return "\n\n".join(
        f"[{message.index}] {message.name}{' (hidden)' if message.role == 'system' else ''}: {message.text}"
        for message in messages
    )


TOOLS: tuple[Tool[Any], ...] = (
    Tool(
        "list_taverns",
        "List SillyTavern tabs",
        "Which SillyTavern tabs are connected, which character and chat each has open, and whether it is busy.",
        Nothing,
        ("tavern.list",),
        _list_taverns,
    ),
    Tool(
        "list_characters",
        "List characters",
        "The characters and groups that can be talked to, with their ids.",
        ListCharacters,
        ("character.list",),
        _list_characters,
    ),
    Tool(
        "get_character",
        "Read a character's card",
        "Everything that a character's card says: description, personality, scenario, greetings.",
        GetCharacter,
        ("command.run",),
        _get_character,
    ),
    Tool(
        "list_chats",
        "List saved chats",
        "The chats that SillyTavern has kept with a character or group; with neither named, with the open one.",
        ListChats,
        ("command.run", "chat.edit"),
        _list_chats,
    ),
    Tool(
        "read_chat",
        "Read the open chat",
        "The last messages of the chat that is open in SillyTavern.",
        ReadChat,
        ("chat.get",),
        _read_chat,
    ),
    Tool(
        "list_requests",
        "List requests",
        "What was asked of SillyTavern under this key, and how far it is.",
        ListRequests,
        ("request.list",),
        _list_requests,
    ),
)
