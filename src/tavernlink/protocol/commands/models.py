"""The model that SillyTavern talks to."""

from __future__ import annotations

from tavernlink.protocol.commands.entry import Arguments, command
from tavernlink.protocol.message import Message, Name

__all__ = ["ROWS", "ModelList", "ModelSelect", "ModelState"]


class ModelList(Arguments):
    """Nothing to say."""


class ModelState(Message, omit_defaults=False):
    """The interface, its model, and those that could be selected."""

    api: Name
    """SillyTavern's main interface, e.g. `openai` (chat completion) or `textgenerationwebui`."""
    source: Name
    """Which service behind it, e.g. `custom` or `openrouter`."""
    model: str | None
    online: bool
    models: list[str]
    """Models that SillyTavern knows for this source; a text can be typed where that is empty."""


class ModelSelect(Arguments):
    """Which model to use from now on."""

    model: Name


ROWS = (
    command(
        "model.list",
        ModelList,
        ModelState,
        lane="immediate",
        scope="chat:read",
        about="Tells the connected interface, its model, and the models that could be selected.",
        example={},
        smoke=True,
    ),
    command(
        "model.select",
        ModelSelect,
        ModelState,
        lane="visible",
        scope="control",
        about="Selects a model of the connected interface.",
        errors=("unknown_item", "unsupported_backend"),
        example={"model": "gpt-4o"},
        smoke=True,
    ),
)
