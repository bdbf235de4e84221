"""A handle on one tavern: what an app can ask of a SillyTavern tab. Made by `Hub.tavern`; costs nothing.

Everything that becomes a request returns at once with an object to follow it (`Reply`, `Request`); the request is on
its way from that moment, and awaiting the object gives its result or raises its error.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tavernlink.errors import NotFound, Unavailable
from tavernlink.protocol.chat import Attachment, ChatDelete, ChatEdit, ChatGet, ChatSend, ChatView
from tavernlink.protocol.commands import Context
from tavernlink.protocol.commands.asking import CommandInfo, CommandList, CommandRun
from tavernlink.protocol.requests import Generate, GenerateMode, GenerationStop, PromptMessage
from tavernlink.protocol.taverns import Character, ContextGet, TavernInfo
from tavernlink.sdk.calls import Repeat
from tavernlink.sdk.commands import CharactersCommands, CommandsOfTavern
from tavernlink.sdk.mirror import Mirror
from tavernlink.sdk.reply import Reply
from tavernlink.sdk.request import Request

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub

__all__ = ["Tavern"]

PromptLike = PromptMessage | Mapping[str, Any]
T = TypeVar("T")


class CharactersOfTavern(CharactersCommands):
    """`tavern.characters`: commands about characters; called, it lists them as the hub knows them."""

    async def __call__(self) -> list[Character]:
        """Return the tavern's characters and groups (of every tavern, for the default handle)."""
        return await self._tavern.hub.characters(self._tavern.name)


class Tavern(CommandsOfTavern):
    """One tavern of a hub, by id or name; with None the hub's default one, chosen anew at each use.

    What SillyTavern can be asked to do beside this is by noun: `tavern.messages.edit(…)`, `tavern.worlds.list()`, each
    a `Request` to await. Every method may raise `Unavailable("no_tavern")` and `NotFound("unknown_tavern")`.
    """

    def __init__(self, hub: Hub, name: str | None) -> None:
        self._hub = hub
        self.name = name
        """Id or name as it was asked for."""

    @property
    def hub(self) -> Hub:
        """The hub that this is a handle of."""
        return self._hub

    @property
    def _tavern_of_commands(self) -> Tavern:
        return self

    def __repr__(self) -> str:
        return f"<Tavern {self.name or '(default)'} of {self._hub.url}>"

    # ── Generating ───────────────────────────────────────────────────────────────────────────────────────
    def send(
        self,
        text: str,
        *,
        as_: str | None = None,
        attachments: Iterable[Attachment] = (),
        session: str | None = None,
        character: str | None = None,
        timeout: float | None = None,
        priority: int = 0,
        request_id: str | None = None,
    ) -> Reply:
        """Send a message into the open chat and have the character answer.

        `as_`: a name to speak under instead of the person's persona. `session`: use this name's own SillyTavern chat
        with `character` instead of the open one. `timeout`: seconds that the hub gives the work once it runs.
        `priority`: higher goes first; for admins. `request_id`: an idempotency key of your own; asked twice, done once.
        """
        request_id = request_id or _new_id()
        content = ChatSend(
            text=text,
            tavern=self.name,
            as_=as_,
            attachments=list(attachments),
            session=session,
            character=character,
            timeout=timeout,
            priority=priority,
            request_id=request_id,
        )
        return Reply(self._hub, "chat.send", content, request_id)

    def post(
        self,
        text: str,
        *,
        as_: str | None = None,
        attachments: Iterable[Attachment] = (),
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> Request[dict[str, Any]]:
        """Put a message into the open chat without an answer; the result is `{"message_index": int}`."""
        request_id = request_id or _new_id()
        content = ChatSend(
            text=text,
            tavern=self.name,
            generate=False,
            as_=as_,
            attachments=list(attachments),
            timeout=timeout,
            request_id=request_id,
        )
        return Request(self._hub, "chat.send", content, request_id, _to_dict)

    def generate(
        self,
        mode: GenerateMode = "reply",
        *,
        prompt: str | None = None,
        messages: Iterable[PromptLike] | None = None,
        character: str | None = None,
        params: Mapping[str, Any] | None = None,
        json_schema: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        priority: int = 0,
        request_id: str | None = None,
    ) -> Reply:
        """Generate in one of the modes that `tavernlink.protocol.requests.Generate` describes.

        `prompt` goes with `quiet` and `raw`; `messages` (`{"role", "content"}`, as OpenAI has them) with `detached`
        and `raw`; `character` (id or name) with `detached`. `params` override SillyTavern's preset for this request:
        `temperature`, `max_tokens`, `stop`, `seed`, …; one that cannot be honoured is refused by name.
        `json_schema` goes with `quiet`, `raw` and `detached`: the answer is JSON of it, in the result's `data`.
        """
        request_id = request_id or _new_id()
        content = Generate(
            mode=mode,
            tavern=self.name,
            prompt=prompt,
            messages=None if messages is None else [msgspec.convert(m, PromptMessage) for m in messages],
            character=character,
            params=dict(params or {}),
            json_schema=None if json_schema is None else dict(json_schema),
            timeout=timeout,
            priority=priority,
            request_id=request_id,
        )
        return Reply(self._hub, "generate", content, request_id)

    async def stop(self) -> bool:
        """Press Stop in SillyTavern, whoever started the generation; False when there was none.

        Not repeated when the line drops meanwhile, since it might stop the next one: `Unavailable("disconnected")`.
        """
        content = GenerationStop(tavern=self.name)
        answer = await self._hub.ask("generation.stop", content, dict[str, bool], repeat=Repeat.NEVER)
        return answer.get("stopped", False)

    # ── The open chat ────────────────────────────────────────────────────────────────────────────────────
    async def chat(
        self, *, limit: int = 100, before: int | None = None, since: int | None = None
    ) -> ChatView:
        """Return the last `limit` messages of the open chat, or those with an index below `before`.

        `since`: a revision that the caller has; the view then holds the operations since, where the hub has them.
        """
        content = ChatGet(tavern=self.name, limit=limit, before=before, since=since)
        return await self._hub.ask("chat.get", content, ChatView)

    def mirror(self, *, last: int | None = None) -> Mirror:
        """Return a live copy of the open chat; `async with tavern.mirror() as mirror` fills and follows it.

        `last`: begin with only so many of its messages; `Mirror.load_earlier` fetches more.
        """
        return Mirror(self._hub, self.name, last=last)

    def edit(
        self, index: int, text: str, *, revision: int | None = None, request_id: str | None = None
    ) -> Request[dict[str, Any]]:
        """Change the text of the message at `index`.

        With `revision` it fails with `Conflict("stale_revision")` unless the chat is still as it was then.
        """
        request_id = request_id or _new_id()
        content = ChatEdit(index=index, text=text, tavern=self.name, revision=revision, request_id=request_id)
        return Request(self._hub, "chat.edit", content, request_id, _to_dict)

    def delete(
        self, index: int, count: int = 1, *, revision: int | None = None, request_id: str | None = None
    ) -> Request[dict[str, Any]]:
        """Delete `count` messages from `index` on; `revision` as in `edit`."""
        request_id = request_id or _new_id()
        content = ChatDelete(
            index=index, count=count, tavern=self.name, revision=revision, request_id=request_id
        )
        return Request(self._hub, "chat.delete", content, request_id, _to_dict)

    # ── Commands ─────────────────────────────────────────────────────────────────────────────────────────
    def run(
        self,
        name: str,
        args: Mapping[str, Any] | None = None,
        /,
        *,
        revision: int | None = None,
        timeout: float | None = None,
        priority: int = 0,
        request_id: str | None = None,
        **more: Any,
    ) -> Request[Any]:
        """Run a command by its name: `tavern.run("message.edit", index=1, text="Well met.")`.

        Arguments are given by name, or in `args` where a name of theirs is taken; bytes may be bytes. The result is
        JSON as the command's page describes it. `revision`: as in `edit`; the others as in `send`. The same commands
        with types and completion are `tavern.messages.edit(…)` and so on.
        """
        return self.start(
            name,
            {**(args or {}), **more},
            _as_it_is,
            revision=revision,
            timeout=timeout,
            priority=priority,
            request_id=request_id,
        )

    def start(
        self,
        name: str,
        args: Mapping[str, Any],
        convert: Callable[[Any], T],
        *,
        revision: int | None = None,
        timeout: float | None = None,
        priority: int = 0,
        request_id: str | None = None,
    ) -> Request[T]:
        """As `run`, with a function that makes the result of its JSON."""
        request_id = request_id or _new_id()
        content = CommandRun(
            name=name,
            args=msgspec.to_builtins(dict(args)),
            tavern=self.name,
            revision=revision,
            timeout=timeout,
            priority=priority,
            request_id=request_id,
        )
        return Request(self._hub, "command.run", content, request_id, convert)

    async def commands(self) -> list[CommandInfo]:
        """Return the commands there are, and for each whether this tavern can do it (`known`)."""
        return await self._hub.ask("command.list", CommandList(tavern=self.name), list[CommandInfo])

    # ── Facts ────────────────────────────────────────────────────────────────────────────────────────────
    async def context(self, *, last: int = 10) -> Context:
        """Return what is open: character, persona, chat, the `last` messages, the settings that matter."""
        return await self._hub.ask("context.get", ContextGet(tavern=self.name, last=last), Context)

    @cached_property
    def characters(self) -> CharactersOfTavern:
        """Commands about characters. `await tavern.characters()` lists characters and groups."""
        return CharactersOfTavern(self)

    async def info(self) -> TavernInfo:
        """Return the tavern's entry in the hub's list; for the default handle the first that is online."""
        for info in await self._hub.taverns():
            if info.online if self.name is None else self.name in (info.tavern_id, info.name):
                return info
        raise Unavailable("no_tavern") if self.name is None else NotFound("unknown_tavern")


def _new_id() -> str:
    return uuid.uuid4().hex


def _as_it_is(result: Any) -> Any:
    return result


def _to_dict(result: Any) -> dict[str, Any]:
    return msgspec.convert(result or {}, dict[str, Any])
