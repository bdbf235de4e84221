"""The prompt: what would be sent to the model, and how long it is."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from tavernlink.protocol.commands.entry import Arguments, command
from tavernlink.protocol.message import Count, LongText, Message, Name, Text
from tavernlink.protocol.requests import PromptMessage

__all__ = ["ROWS", "PromptBuilt", "PromptCount", "PromptLine", "PromptPart", "PromptPreview", "PromptTokens"]


class PromptPreview(Arguments):
    """For what a prompt is built. Nothing of it is sent, and the open chat stays as it is."""

    text: Text | None = None
    """As if the person had just sent this in the open chat."""
    messages: list[PromptMessage] | None = None
    """A history in the place of the open chat."""
    character: Name | None = None
    """With `messages`: id or name of the character who answers; default the open one."""
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    """Overrides as with `generate`: temperature, max_tokens, …"""


class PromptPart(Message, omit_defaults=False):
    """A part of the prompt, e.g. `main`, `charDescription`, `worldInfoBefore`, `chatHistory`."""

    name: Name
    tokens: Count
    messages: Count = 0
    """Messages of the prompt that belong to it."""


class PromptLine(Message, omit_defaults=False):
    """One message of the prompt."""

    role: Name
    content: Any = None
    """Text, or content parts."""
    name: Name | None = None
    part: Name | None = None
    tokens: Count | None = None


class PromptBuilt(Message, omit_defaults=False):
    """What would be sent."""

    api: Name
    """SillyTavern's main API: `openai` (chat completion) or `textgenerationwebui` (text completion)."""
    model: Name | None = None
    character: Name | None = None
    messages: list[PromptLine] = msgspec.field(default_factory=list)
    """With chat completion."""
    text: LongText | None = None
    """With text completion: the whole prompt."""
    parts: list[PromptPart] = msgspec.field(default_factory=list)
    tokens: Count = 0
    """Of all, as SillyTavern counts them."""
    max_context: Count = 0
    """PromptTokens that prompt and reply may have together."""
    max_tokens: Count | None = None
    """PromptTokens that the reply may have."""
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    """The other settings that go to the model, without addresses and secrets."""


class PromptCount(Arguments):
    """What is counted: texts, messages of the open chat, or the whole of it."""

    texts: Annotated[list[Text], msgspec.Meta(max_length=1_000)] = msgspec.field(default_factory=list)
    messages: Annotated[list[Count], msgspec.Meta(max_length=1_000)] = msgspec.field(default_factory=list)
    """Places in the open chat, from 0."""
    chat: bool = False
    """True: every message of the open chat that goes into prompts."""


class PromptTokens(Message, omit_defaults=False):
    """Counts as SillyTavern's tokenizer makes them."""

    texts: list[Count] = msgspec.field(default_factory=list)
    messages: list[Count] = msgspec.field(default_factory=list)
    chat: Count | None = None
    tokenizer: Name = ""


ROWS = (
    command(
        "prompt.preview",
        PromptPreview,
        PromptBuilt,
        lane="detached",
        scope="chat:read",
        about="Builds what would be sent to the model now, with token counts, and sends nothing.",
        errors=("no_character", "no_backend", "unsupported_backend", "unknown_character", "chat_changed"),
        example={"text": "What grows in this glade?"},
        smoke=True,
    ),
    command(
        "prompt.tokens",
        PromptCount,
        PromptTokens,
        lane="detached",
        scope="chat:read",
        about="Counts tokens of texts, messages, or the open chat.",
        errors=("unknown_message",),
        example={"texts": ["The well is dry."], "messages": [0, 1], "chat": True},
        smoke=True,
    ),
)
