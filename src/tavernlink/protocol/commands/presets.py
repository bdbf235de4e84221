"""Presets: SillyTavern's saved settings, by kind."""

from __future__ import annotations

from typing import Any, Literal

from tavernlink.protocol.commands.entry import Arguments, Done, command
from tavernlink.protocol.message import Message, Name

__all__ = [
    "ROWS",
    "Preset",
    "PresetDelete",
    "PresetGet",
    "PresetInfo",
    "PresetKind",
    "PresetList",
    "PresetSave",
    "PresetSelect",
]

PresetKind = Literal["chat_completion", "text_completion", "instruct", "context", "sysprompt", "reasoning"]


class PresetList(Arguments):
    """Which presets to list."""

    kind: PresetKind | None = None
    """Only of this kind."""


class PresetInfo(Message, omit_defaults=False):
    """One preset."""

    kind: PresetKind
    name: Name
    selected: bool
    """It is the one that its select box shows."""


class PresetGet(Arguments):
    """Which preset to read."""

    name: Name
    kind: PresetKind = "chat_completion"


class Preset(Message, omit_defaults=False):
    """A preset and what it holds."""

    kind: PresetKind
    name: Name
    selected: bool
    content: dict[str, Any]
    """As SillyTavern keeps it, without keys, passwords and addresses."""


class PresetSelect(Arguments):
    """Which preset to use from now on."""

    name: Name
    kind: PresetKind = "chat_completion"


class PresetSave(Arguments):
    """What to save, and under which name."""

    name: Name
    kind: PresetKind = "chat_completion"
    content: dict[str, Any] | None = None
    """Default: the settings as they are now. Keys, passwords and addresses in it are not taken over."""


class PresetDelete(Arguments):
    """Which preset to delete."""

    name: Name
    kind: PresetKind = "chat_completion"


ROWS = (
    command(
        "preset.list",
        PresetList,
        list[PresetInfo],
        lane="immediate",
        scope="chat:read",
        about="Lists presets, of one kind or of all.",
        example={"kind": "chat_completion"},
        smoke=True,
    ),
    command(
        "preset.get",
        PresetGet,
        Preset,
        lane="immediate",
        scope="chat:read",
        about="Reads a preset. Keys, passwords and addresses are left out.",
        errors=("unknown_item",),
        example={"name": "Default"},
        smoke=True,
    ),
    command(
        "preset.select",
        PresetSelect,
        PresetInfo,
        lane="visible",
        scope="control",
        about="Selects a preset, as if it were chosen in its select box.",
        errors=("unknown_item",),
        example={"name": "River"},
        before=(("preset.save", {"name": "River", "content": {"temperature": 0.9}}),),
        smoke=True,
    ),
    command(
        "preset.save",
        PresetSave,
        PresetInfo,
        lane="visible",
        scope="control",
        destructive=True,
        about="Saves a preset, over the one of this name if there is one; without content, the settings as they are.",
        example={"name": "Forest", "content": {"temperature": 0.7, "openai_max_tokens": 400}},
    ),
    command(
        "preset.delete",
        PresetDelete,
        Done,
        lane="visible",
        scope="control",
        destructive=True,
        about="Deletes a preset.",
        errors=("unknown_item",),
        example={"name": "Short lived"},
        before=(("preset.save", {"name": "Short lived", "content": {"temperature": 1}}),),
    ),
)
