"""Connection profiles: SillyTavern's saved connections. Keys and addresses never leave it."""

from __future__ import annotations

from tavernlink.protocol.commands.entry import Arguments, Done, command
from tavernlink.protocol.message import Id, Message, Name

__all__ = [
    "ROWS",
    "ConnectionCreate",
    "ConnectionDelete",
    "ConnectionInfo",
    "ConnectionList",
    "ConnectionSelect",
    "ConnectionUpdate",
]


class ConnectionList(Arguments):
    """Nothing to say."""


class ConnectionInfo(Message, omit_defaults=False):
    """One connection profile, without its address and key."""

    id: Id
    name: Name
    selected: bool
    mode: Name
    """`cc` chat completion, `tc` text completion."""
    api: str | None
    model: str | None
    preset: str | None


class ConnectionSelect(Arguments):
    """Which profile to connect by."""

    name: Name | None = None
    """Name or id; null: none, which leaves the connection as it is."""


class ConnectionCreate(Arguments):
    """Name of the new profile."""

    name: Name


class ConnectionUpdate(Arguments):
    """Which profile is to hold what is set now."""

    name: Name
    """Name or id."""


class ConnectionDelete(Arguments):
    """Which profile to delete."""

    name: Name
    """Name or id."""


ROWS = (
    command(
        "connection.list",
        ConnectionList,
        list[ConnectionInfo],
        lane="immediate",
        scope="chat:read",
        about="Lists the connection profiles.",
        errors=("unsupported_backend",),
        example={},
        smoke=True,
    ),
    command(
        "connection.create",
        ConnectionCreate,
        ConnectionInfo,
        lane="visible",
        scope="control",
        about="Makes a connection profile of what is connected and selected now, and selects it.",
        errors=("unsupported_backend", "item_exists"),
        example={"name": "Quick"},
    ),
    command(
        "connection.select",
        ConnectionSelect,
        list[ConnectionInfo],
        lane="visible",
        scope="control",
        about="Selects a connection profile: its interface, model, preset and the rest.",
        errors=("unsupported_backend", "unknown_item"),
        example={"name": "Chosen"},
        before=(("connection.create", {"name": "Chosen"}),),
    ),
    command(
        "connection.update",
        ConnectionUpdate,
        ConnectionInfo,
        lane="visible",
        scope="control",
        destructive=True,
        about="Puts what is connected and selected now into a profile.",
        errors=("unsupported_backend", "unknown_item"),
        example={"name": "Updated"},
        before=(("connection.create", {"name": "Updated"}),),
    ),
    command(
        "connection.delete",
        ConnectionDelete,
        Done,
        lane="visible",
        scope="control",
        destructive=True,
        about="Deletes a connection profile.",
        errors=("unsupported_backend", "unknown_item"),
        example={"name": "Short lived"},
        before=(("connection.create", {"name": "Short lived"}),),
    ),
)
