"""Sampling parameters: what SillyTavern's sliders say."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tavernlink.protocol.commands.entry import Arguments, command
from tavernlink.protocol.message import Message, Name

__all__ = ["ROWS", "SamplerGet", "SamplerSet", "SamplerState"]


class SamplerGet(Arguments):
    """Nothing to say."""


class SamplerState(Message, omit_defaults=False):
    """The settings that the next generation uses."""

    api: Name
    """SillyTavern's main interface, e.g. `openai`."""
    values: dict[str, bool | float]
    """Under OpenAI's names where there is one (`temperature`, `max_tokens`, …), else SillyTavern's."""


class SamplerSet(Arguments):
    """Settings to change."""

    values: Annotated[dict[str, bool | float], msgspec.Meta(min_length=1, max_length=100)]
    """Names as `sampler.get` gives them. What is out of a slider's range is an error."""


ROWS = (
    command(
        "sampler.get",
        SamplerGet,
        SamplerState,
        lane="immediate",
        scope="chat:read",
        about="Reads the sampling parameters of the connected interface.",
        example={},
        smoke=True,
    ),
    command(
        "sampler.set",
        SamplerSet,
        SamplerState,
        lane="visible",
        scope="control",
        about="Changes sampling parameters, as if their sliders were moved. All of them, or none.",
        errors=("unsupported_parameter",),
        example={"values": {"temperature": 0.8, "max_tokens": 350}},
        smoke=True,
    ),
)
