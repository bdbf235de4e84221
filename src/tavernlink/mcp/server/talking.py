"""Tools that have a character speak. The reply comes as progress while it is made, and whole at the end."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import anyio
import mcp_types as types
import msgspec

from tavernlink.errors import BadMessage
from tavernlink.mcp.server.tool import WRITES, Answer, Arguments, Call, Tavern, Tool
from tavernlink.protocol.message import Text
from tavernlink.protocol.requests import GenerationResult, PromptMessage
from tavernlink.protocol.streams import StreamDelta
from tavernlink.sdk.reply import Reply

__all__ = ["TOOLS", "follow"]

_CANCEL_SECONDS = 5.0


class SendMessage(Arguments):
    """Arguments of `send_message`."""

    text: Annotated[Text, msgspec.Meta(description="What is said to the character.")]
    tavern: Tavern = None
    speak_as: Annotated[
        str | None, msgspec.Meta(description="Name to speak under instead of the person's own persona.")
    ] = None
    session: Annotated[
        str | None,
        msgspec.Meta(description="Use a separate chat of this name, made at first use, not the open one."),
    ] = None
    character: Annotated[
        str | None, msgspec.Meta(description="With `session`: whom to talk to, by name or id.")
    ] = None


class NextReply(Arguments):
    """Arguments of `next_reply`."""

    mode: Annotated[
        Literal["reply", "regenerate", "swipe", "continue"],
        msgspec.Meta(
            description="reply: the character speaks next. regenerate: its last message is made anew. "
            "swipe: another version beside the last one. continue: the last message goes on."
        ),
    ] = "reply"
    tavern: Tavern = None


class Generate(Arguments):
    """Arguments of `generate`."""

    messages: Annotated[
        list[PromptMessage],
        msgspec.Meta(
            min_length=1, description="The conversation so far, oldest first, with roles as in OpenAI's API."
        ),
    ]
    character: Annotated[
        str | None, msgspec.Meta(description="Name or id of who answers; left out: the open character.")
    ] = None
    tavern: Tavern = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=5)] | None = None
    plain: Annotated[
        bool,
        msgspec.Meta(description="True: only the messages are sent to the model, nothing of a character."),
    ] = False


async def follow(call: Call, reply: Reply) -> GenerationResult:
    """Return a reply's result, telling its text while it comes. Left by a cancellation, the reply is cancelled."""
    told = 0
    try:
        async for event in reply.events():
            if isinstance(event, StreamDelta) and event.channel == "text" and event.text:
                told += len(event.text)
                await call.tell(told, None, event.text)
        return await reply
    finally:
        if not reply.finished:
            with anyio.move_on_after(_CANCEL_SECONDS, shield=True):
                await reply.cancel()


async def _send_message(call: Call, arguments: SendMessage) -> Answer:
    if arguments.character is not None and arguments.session is None:
        raise BadMessage("invalid_message", "`character` goes with `session`: the open chat has its own.")
    reply = call.hub.tavern(arguments.tavern).send(
        arguments.text, as_=arguments.speak_as, session=arguments.session, character=arguments.character
    )
    return _said(await follow(call, reply))


async def _next_reply(call: Call, arguments: NextReply) -> Answer:
    return _said(await follow(call, call.hub.tavern(arguments.tavern).generate(arguments.mode)))


async def _generate(call: Call, arguments: Generate) -> Answer:
    params: dict[str, Any] = {}
    if arguments.max_tokens is not None:
        params["max_tokens"] = arguments.max_tokens
    if arguments.temperature is not None:
        params["temperature"] = arguments.temperature
    tavern = arguments.tavern
    if tavern is None and arguments.character is not None:
        tavern = "any"
    reply = call.hub.tavern(tavern).generate(
        "raw" if arguments.plain else "detached",
        messages=arguments.messages,
        character=None if arguments.plain else arguments.character,
        params=params,
    )
    return _said(await follow(call, reply))


def _said(result: GenerationResult) -> Answer:
    return Answer(result.text, msgspec.to_builtins(result))


TOOLS: tuple[Tool[Any], ...] = (
    Tool(
        "send_message",
        "Send a message",
        "Say something to the character in SillyTavern's open chat, and get its reply. Both become part of that chat, "
        "where the person sees them. The reply streams as progress.",
        SendMessage,
        ("chat.send",),
        _send_message,
        WRITES,
    ),
    Tool(
        "next_reply",
        "Have the character speak",
        "Have the character in SillyTavern's open chat speak without a new message: next in turn, again, in another "
        "version, or on from where it stopped.",
        NextReply,
        ("generate",),
        _next_reply,
        WRITES,
    ),
    Tool(
        "generate",
        "Generate beside the chat",
        "Have a character answer a conversation that you give, with its card, lorebooks and preset, without touching "
        "any chat. Stateless: give the whole conversation each time.",
        Generate,
        ("generate",),
        _generate,
        types.ToolAnnotations(read_only_hint=True, open_world_hint=False, idempotent_hint=False),
    ),
)
