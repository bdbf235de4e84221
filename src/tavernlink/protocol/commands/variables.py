"""Variables of STscript: those of the open chat, and those of all chats."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tavernlink.protocol.commands.entry import Arguments, Done, command
from tavernlink.protocol.message import Message

__all__ = [
    "ROWS",
    "Variable",
    "VariableDelete",
    "VariableGet",
    "VariableIncrement",
    "VariableList",
    "VariableName",
    "VariableScope",
    "VariableSet",
]

VariableScope = Literal["chat", "global"]
VariableName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class VariableList(Arguments):
    """Whose variables."""

    scope: VariableScope = "chat"


class Variable(Message, omit_defaults=False):
    """One variable."""

    name: VariableName
    scope: VariableScope
    value: Any
    """A text or a number; lists and objects come as what they are, though SillyTavern keeps them as texts."""


class VariableGet(Arguments):
    """Which variable."""

    name: VariableName
    scope: VariableScope = "chat"


class VariableSet(Arguments):
    """Which variable, and its value."""

    name: VariableName
    value: Any
    """A text, a number, true, false, a list or an object."""
    scope: VariableScope = "chat"


class VariableIncrement(Arguments):
    """Which variable, and by how much."""

    name: VariableName
    by: float = 1
    scope: VariableScope = "chat"


class VariableDelete(Arguments):
    """Which variable."""

    name: VariableName
    scope: VariableScope = "chat"


ROWS = (
    command(
        "variable.list",
        VariableList,
        list[Variable],
        lane="immediate",
        scope="chat:read",
        about="Lists the variables of the open chat, or the global ones.",
        errors=("no_character",),
        example={"scope": "chat"},
        before=(("variable.set", {"name": "mood", "value": "calm"}),),
        smoke=True,
    ),
    command(
        "variable.get",
        VariableGet,
        Variable,
        lane="immediate",
        scope="chat:read",
        about="Reads a variable.",
        errors=("no_character", "unknown_variable"),
        example={"name": "mood"},
        before=(("variable.set", {"name": "mood", "value": "calm"}),),
        smoke=True,
    ),
    command(
        "variable.set",
        VariableSet,
        Variable,
        lane="visible",
        scope="control",
        about="Sets a variable.",
        errors=("no_character",),
        example={"name": "weather", "value": {"rain": True}, "scope": "global"},
        smoke=True,
    ),
    command(
        "variable.increment",
        VariableIncrement,
        Variable,
        lane="visible",
        scope="control",
        about="Adds a number to a variable; one that is not there begins at 0.",
        errors=("no_character", "not_a_number"),
        example={"name": "visits", "by": 2},
        before=(("variable.set", {"name": "visits", "value": 40}),),
        smoke=True,
    ),
    command(
        "variable.delete",
        VariableDelete,
        Done,
        lane="visible",
        scope="control",
        destructive=True,
        about="Deletes a variable.",
        errors=("no_character", "unknown_variable"),
        example={"name": "mood"},
        before=(("variable.set", {"name": "mood", "value": "calm"}),),
        smoke=True,
    ),
)
