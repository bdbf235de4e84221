"""Chat files of a character or group."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tavernlink.protocol.commands.entry import Arguments, Done, command
from tavernlink.protocol.files import File
from tavernlink.protocol.message import Count, Id, Message, Name, Text

__all__ = [
    "ROWS",
    "ChatBranch",
    "ChatClose",
    "ChatExport",
    "ChatFile",
    "ChatImport",
    "ChatList",
    "ChatMatch",
    "ChatNew",
    "ChatOpen",
    "ChatOpened",
    "ChatPick",
    "ChatRename",
    "ChatSearch",
    "ChatsFound",
    "ChatsImported",
    "ChatsMatched",
    "MessageMatch",
]

ChatName = Annotated[str, msgspec.Meta(min_length=1, max_length=150)]
"""Of a file, so short; what file systems refuse in a name is left out of it by SillyTavern."""


class ChatList(Arguments):
    """Whose chats. Neither: those of the open character or group."""

    character: Id | None = None
    """Id or name."""
    group: Id | None = None
    """Id or name."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100


class ChatFile(Message, omit_defaults=False):
    """One chat."""

    chat_id: Id
    """Name of the file, without its ending."""
    character: Id | None
    """Id of the character whose chat it is."""
    group: Id | None
    """Id of the group whose chat it is."""
    messages: Count
    size: Name
    """Of the file, as SillyTavern says it: `12.3KB`."""
    last_message: Text
    """The end of it, at most 400 characters."""
    time: Name | None
    """Of the last message."""
    open: bool
    """It is on screen now."""


class ChatsFound(Message, omit_defaults=False):
    """Chats, newest first."""

    chats: list[ChatFile]
    total: Count
    """How many there are."""


class ChatSearch(Arguments):
    """What to look for, and where. Neither `character` nor `group`: in all chats of all characters and groups."""

    query: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """Words that must all stand in a chat; capitals do not matter."""
    character: Id | None = None
    """Id or name."""
    group: Id | None = None
    """Id or name."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    """Chats at most."""


class MessageMatch(Message, omit_defaults=False):
    """A message in which one of the words stands."""

    index: Count
    name: Name
    text: Text
    """What stands around the word, at most 200 characters."""


class ChatMatch(Message, omit_defaults=False):
    """A chat in which all the words stand, or whose name has them."""

    chat: ChatFile
    messages: list[MessageMatch]
    """The first ten."""


class ChatsMatched(Message, omit_defaults=False):
    """Where it was found."""

    chats: list[ChatMatch]
    more: bool
    """There are further ones."""


class ChatOpen(Arguments):
    """Which chat. Neither `character` nor `group`: of the open one."""

    chat_id: Id | None = None
    """Default: the one that the character or group had open last."""
    character: Id | None = None
    """Id or name."""
    group: Id | None = None
    """Id or name."""


class ChatPick(Arguments):
    """Which chat. Neither `character` nor `group`: of the open one."""

    chat_id: Id
    character: Id | None = None
    """Id or name."""
    group: Id | None = None
    """Id or name."""


class ChatNew(Arguments):
    """A new chat of whom, called how."""

    character: Id | None = None
    """Id or name; default: the open one."""
    group: Id | None = None
    """Id or name."""
    name: ChatName | None = None
    """Default: as SillyTavern names its own, by the time."""


class ChatRename(Arguments):
    """Which chat gets which name."""

    chat_id: Id
    name: ChatName
    character: Id | None = None
    """Id or name; default: the open one."""
    group: Id | None = None
    """Id or name."""


class ChatBranch(Arguments):
    """Where the open chat branches off."""

    index: Count
    """The last message that the branch has."""
    swipe: Count | None = None
    """The alternative of that message that is shown there; default: as here."""
    open: bool = True
    """Go there."""


class ChatOpened(Message, omit_defaults=False):
    """A chat that was opened, made or renamed."""

    chat_id: Id | None
    """Null: none is open."""
    character: Id | None
    group: Id | None
    messages: Count | None
    """How many it has; null: it is not open."""
    open: bool


class ChatExport(Arguments):
    """Which chat, in which form."""

    format: Literal["jsonl", "txt"] = "jsonl"
    """`jsonl`: the whole chat, as SillyTavern keeps it. `txt`: names and texts to read, without what is hidden."""
    chat_id: Id | None = None
    """Default: the open one."""
    character: Id | None = None
    """Id or name."""
    group: Id | None = None
    """Id or name."""


class ChatImport(Arguments):
    """A file, and whose chat it becomes."""

    file: File
    """`.jsonl` of SillyTavern or Chub; for a character also `.json` of KoboldAI Lite, CAI Tools, oobabooga, Agnai or
    RisuAI."""
    character: Id | None = None
    """Id or name; default: the open one."""
    group: Id | None = None
    """Id or name."""


class ChatsImported(Message, omit_defaults=False):
    """The chats that came out of a file. None of them is opened."""

    chats: list[Id]


class ChatClose(Arguments):
    """Nothing."""


_LINES = (
    b'{"user_name":"User","character_name":"Seraphina","chat_metadata":{}}\n'
    b'{"name":"User","is_user":true,"is_system":false,"send_date":"2026-01-31T10:00:00.000Z","mes":"Hello.","extra":{}}\n'
)

ROWS = (
    command(
        "chat.list",
        ChatList,
        ChatsFound,
        lane="detached",
        scope="control",
        about="Lists the chats of a character or group, newest first, with size and last message.",
        errors=("no_character", "unknown_character"),
        example={"character": "default_Seraphina.png"},
        smoke=True,
    ),
    command(
        "chat.search",
        ChatSearch,
        ChatsMatched,
        lane="detached",
        scope="control",
        about="Finds text in the chats of one character or group, or of all.",
        errors=("unknown_character",),
        example={"query": "forest"},
        before=(("message.send", {"text": "Tell me about the forest."}),),
    ),
    command(
        "chat.open",
        ChatOpen,
        ChatOpened,
        lane="visible",
        scope="control",
        about="Opens a chat, and its character or group where another one is open.",
        errors=("unknown_chat", "unknown_character"),
        example={"chat_id": "$0.chat_id", "character": "default_Seraphina.png"},
        before=(("chat.new", {"name": "Another evening"}), ("chat.new", {"character": "Wren.png"})),
        smoke=True,
    ),
    command(
        "chat.new",
        ChatNew,
        ChatOpened,
        lane="visible",
        scope="control",
        about="Begins a new chat and opens it.",
        errors=("no_character", "unknown_character", "chat_exists"),
        example={"name": "A walk in the forest"},
        smoke=True,
    ),
    command(
        "chat.rename",
        ChatRename,
        ChatOpened,
        lane="visible",
        scope="control",
        about="Renames a chat.",
        errors=("unknown_chat", "unknown_character", "chat_exists"),
        example={"chat_id": "$0.chat_id", "name": "The evening after"},
        before=(("chat.new", {"name": "An evening"}),),
        smoke=True,
    ),
    command(
        "chat.delete",
        ChatPick,
        ChatOpened,
        lane="visible",
        scope="control",
        destructive=True,
        about="Deletes a chat. Where it is open, the newest other one is opened, or a new one; the result names it.",
        errors=("unknown_chat", "unknown_character"),
        example={"chat_id": "$0.chat_id"},
        before=(("chat.new", {"name": "A wasted evening"}),),
        smoke=True,
    ),
    command(
        "chat.branch",
        ChatBranch,
        ChatOpened,
        lane="visible",
        scope="control",
        about="Makes a copy of the open chat up to a message, and opens it.",
        errors=("no_character", "unknown_message", "unknown_swipe"),
        example={"index": 1},
        smoke=True,
    ),
    command(
        "chat.export",
        ChatExport,
        File,
        lane="visible",
        scope="control",
        about="Gives a chat as a file.",
        errors=("unknown_chat", "unknown_character", "too_large"),
        example={"format": "txt"},
    ),
    command(
        "chat.import",
        ChatImport,
        ChatsImported,
        lane="detached",
        scope="control",
        about="Makes a chat of a file.",
        errors=("no_character", "unknown_character", "invalid_file"),
        example={
            "file": {"name": "hello.jsonl", "type": "application/jsonl", "data": _LINES},
            "character": "default_Seraphina.png",
        },
        smoke=True,
    ),
    command(
        "chat.close",
        ChatClose,
        Done,
        lane="visible",
        scope="control",
        about="Closes the open chat: SillyTavern shows its welcome page.",
        example={},
    ),
)
