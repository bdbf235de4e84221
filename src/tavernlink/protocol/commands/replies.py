"""Replies: having the model go on with the open chat. They are `generate` under names of their own."""

from __future__ import annotations

import msgspec

from tavernlink.protocol.chat import Persona
from tavernlink.protocol.commands.entry import Arguments, command
from tavernlink.protocol.message import Message, Name
from tavernlink.protocol.requests import GenerationResult

__all__ = ["ROWS", "Reply", "ReplyStop", "ReplyStopped"]


class Reply(Arguments):
    """As whom the person is in this turn."""

    as_: Name | Persona | None = msgspec.field(default=None, name="as")
    """Who the user is for this turn: a name, or a name with a description and a picture; default: the persona."""


class ReplyStop(Arguments):
    """Nothing."""


class ReplyStopped(Message, omit_defaults=False):
    """Whether there was something to stop."""

    stopped: bool


_ERRORS = ("no_character", "no_backend", "generation_failed", "empty_reply", "stopped")

ROWS = (
    command(
        "reply.generate",
        Reply,
        GenerationResult,
        lane="visible",
        scope="chat:write",
        about="Has the character answer what stands in the open chat.",
        errors=_ERRORS,
        example={},
    ),
    command(
        "reply.continue",
        Reply,
        GenerationResult,
        lane="visible",
        scope="chat:write",
        about="Has the last message gone on with.",
        errors=("no_message", *_ERRORS),
        example={},
        before=(("reply.generate", {}),),
        smoke=True,
    ),
    command(
        "reply.regenerate",
        Reply,
        GenerationResult,
        lane="visible",
        scope="chat:write",
        about="Has the last reply written anew; the one before it goes, unless this fails.",
        errors=("no_message", *_ERRORS),
        example={},
        before=(("reply.generate", {}),),
    ),
    command(
        "reply.impersonate",
        Reply,
        GenerationResult,
        lane="visible",
        scope="chat:write",
        about="Has a message written for the user. It is the result: neither the chat nor the text box gets it.",
        errors=_ERRORS,
        example={},
    ),
    command(
        "reply.stop",
        ReplyStop,
        ReplyStopped,
        lane="immediate",
        scope="control",
        about="Presses SillyTavern's Stop button.",
        example={},
    ),
)
