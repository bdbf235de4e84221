"""Files of the open chat's messages: attached ones and pictures that were generated."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tavernlink.protocol.commands.entry import Arguments, command
from tavernlink.protocol.files import File
from tavernlink.protocol.message import Count, Message, Name

__all__ = ["ROWS", "FileAttach", "FileInfo", "FileList", "FileRef", "FilesOfMessage"]


class FileList(Arguments):
    """Which message."""

    index: Count
    """Place of the message in the open chat, from 0."""


class FileRef(FileList, kw_only=True):
    """Which file of a message."""

    file: Count = 0
    """Its place among the message's files, from 0."""


class FileAttach(FileList, kw_only=True):
    """Files for a message. Pictures, films and sounds are shown; of other files the model reads the text."""

    files: Annotated[list[File], msgspec.Meta(min_length=1, max_length=20)]


class FileInfo(Message, omit_defaults=False):
    """One file of a message."""

    file: Count
    """Its place among the message's files, from 0."""
    kind: Literal["image", "video", "audio", "file"]
    name: Name = ""
    url: Name = ""
    """Where SillyTavern keeps it; empty where it stands in the chat itself."""
    generated: bool = False
    """An extension of SillyTavern made it."""


class FilesOfMessage(Message, omit_defaults=False):
    """The files of a message."""

    files: list[FileInfo] = msgspec.field(default_factory=list)


_PIXEL = {
    "name": "dot.png",
    "type": "image/png",
    "data": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==",
}
_ATTACHED = ("file.attach", {"index": 1, "files": [_PIXEL]})

ROWS = (
    command(
        "file.list",
        FileList,
        FilesOfMessage,
        lane="immediate",
        scope="chat:read",
        about="Lists the files of a message: what was attached, and pictures that were generated.",
        errors=("unknown_message",),
        example={"index": 1},
    ),
    command(
        "file.get",
        FileRef,
        File,
        lane="detached",
        scope="chat:read",
        about="Gives a file of a message.",
        errors=("unknown_message", "unknown_file", "too_large"),
        example={"index": 1},
        before=(_ATTACHED,),
        smoke=True,
    ),
    command(
        "file.attach",
        FileAttach,
        FilesOfMessage,
        lane="visible",
        scope="chat:write",
        about="Attaches files to a message.",
        errors=("unknown_message", "invalid_file"),
        example={
            "index": 1,
            "files": [_PIXEL, {"name": "map.txt", "type": "text/plain", "data": "VGhlIHdlbGwgaXMgZHJ5Lg=="}],
        },
        smoke=True,
    ),
    command(
        "file.detach",
        FileRef,
        FilesOfMessage,
        lane="visible",
        scope="control",
        destructive=True,
        about="Takes a file away from a message. The file itself stays with SillyTavern.",
        errors=("unknown_message", "unknown_file"),
        example={"index": 1},
        before=(_ATTACHED,),
    ),
)
