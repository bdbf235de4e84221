"""Generations beside the chat: nobody sees them in SillyTavern, and nothing of them is kept there."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from tavernlink.protocol.commands.entry import Arguments, command
from tavernlink.protocol.message import LongText, Name
from tavernlink.protocol.requests import GenerationResult, PromptMessage

__all__ = ["ROWS", "GenerationDetached", "GenerationQuiet", "GenerationRaw"]

_Messages = Annotated[list[PromptMessage], msgspec.Meta(max_length=10_000)]


class GenerationQuiet(Arguments):
    """A question with the open chat and its character as the context, as extensions of SillyTavern ask."""

    prompt: Annotated[LongText, msgspec.Meta(min_length=1)]
    json_schema: dict[str, Any] | None = None
    """The answer must be JSON of this schema; it comes in the result's `data`."""


class GenerationRaw(Arguments):
    """A prompt of one's own, with SillyTavern's connection and samplers and nothing else."""

    prompt: LongText | None = None
    """Comes after `messages`, as the user's."""
    messages: _Messages | None = None
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    """Overrides for this generation: temperature, max_tokens, stop, seed, …"""
    json_schema: dict[str, Any] | None = None
    """The answer must be JSON of this schema; it comes in the result's `data`."""


class GenerationDetached(GenerationRaw):
    """A history in the place of the open chat; card, persona, world info and preset are SillyTavern's."""

    character: Name | None = None
    """Id or name of the character who answers; default the open one."""


_WORD = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
_ERRORS = ("no_backend", "generation_failed", "empty_reply", "invalid_output", "invalid_schema")

ROWS = (
    command(
        "generation.quiet",
        GenerationQuiet,
        GenerationResult,
        lane="visible",
        scope="chat:write",
        about="Asks the model something with the open chat as the context. The chat stays as it is.",
        errors=_ERRORS,
        example={"prompt": "In one sentence: where are they?"},
        smoke=True,
    ),
    command(
        "generation.raw",
        GenerationRaw,
        GenerationResult,
        lane="detached",
        scope="chat:write",
        about="Sends the model just what is given. Many run at once.",
        errors=_ERRORS,
        example={
            "messages": [{"role": "system", "content": "Answer with one word."}],
            "prompt": "What grows on the stones?",
            "json_schema": _WORD,
        },
        smoke=True,
    ),
    command(
        "generation.detached",
        GenerationDetached,
        GenerationResult,
        lane="detached",
        scope="chat:write",
        about="Has a character answer a history of one's own, beside the open chat. Many run at once.",
        errors=(*_ERRORS, "unknown_character", "group_open"),
        example={"messages": [{"role": "user", "content": "Who are you?"}], "character": "Wren.png"},
    ),
)
