"""Expressions: the pictures of a character's moods (sprites)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tavernlink.protocol.commands.characters import CharacterRef
from tavernlink.protocol.commands.entry import command
from tavernlink.protocol.files import File
from tavernlink.protocol.message import Count, Message, Name

__all__ = ["ROWS", "Expression", "ExpressionDeleted", "ExpressionRef", "ExpressionSet"]

_Word = Annotated[str, msgspec.Meta(pattern=r"^[\w][\w .-]*$", max_length=80)]


class ExpressionRef(CharacterRef, kw_only=True):
    """Which picture of a character."""

    expression: Name
    """An expression, e.g. `joy`, or the file name of one of its pictures."""


class ExpressionSet(CharacterRef, kw_only=True):
    """A picture for an expression. One of the same file name is replaced."""

    expression: _Word
    file: File
    variant: _Word | None = None
    """A second picture of the same expression: it is kept as `EXPRESSION-VARIANT`."""


class Expression(Message, omit_defaults=False):
    """One picture of a character."""

    expression: Name
    file: Name
    """File name."""


class ExpressionDeleted(Message, omit_defaults=False):
    """What went."""

    files: Count = 0


_JOY = {
    "character": "default_Seraphina.png",
    "expression": "joy",
}
_PIXEL = {
    "name": "joy.png",
    "type": "image/png",
    "data": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==",
}

ROWS = (
    command(
        "expression.list",
        CharacterRef,
        list[Expression],
        lane="detached",
        scope="chat:read",
        about="Lists the pictures of a character's expressions.",
        errors=("unknown_character",),
        example={"character": "default_Seraphina.png"},
        smoke=True,
    ),
    command(
        "expression.get",
        ExpressionRef,
        File,
        lane="detached",
        scope="chat:read",
        about="Gives the picture of an expression; of several, the first.",
        errors=("unknown_character", "unknown_item", "too_large"),
        example=_JOY,
    ),
    command(
        "expression.set",
        ExpressionSet,
        Expression,
        lane="visible",
        scope="control",
        about="Gives a character a picture for an expression.",
        errors=("unknown_character", "invalid_file"),
        example={"character": "Wren.png", "expression": "joy", "file": _PIXEL},
    ),
    command(
        "expression.delete",
        ExpressionRef,
        ExpressionDeleted,
        lane="visible",
        scope="control",
        destructive=True,
        about="Deletes the pictures of an expression, or the one picture whose file name is given.",
        errors=("unknown_character", "unknown_item"),
        example={"character": "Wren.png", "expression": "joy"},
        before=(("expression.set", {"character": "Wren.png", "expression": "joy", "file": _PIXEL}),),
    ),
)
