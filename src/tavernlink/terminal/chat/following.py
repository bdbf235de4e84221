"""What the screen of the chat knows of the hub, kept up to date: the taverns, the open chat, the reply that grows.

Below `app`, which draws it, and above the SDK. It draws nothing; it says when something is to be drawn.
"""

from __future__ import annotations

from textual.worker import Worker

from tavernlink.errors import NotFound, TavernlinkError
from tavernlink.protocol.chat import ChatMessage
from tavernlink.protocol.session import Resync
from tavernlink.protocol.taverns import TavernChanged, TavernInfo
from tavernlink.sdk import Hub, Mirror
from tavernlink.terminal.chat.growing import Growing
from tavernlink.terminal.chat.history import PAGE
from tavernlink.terminal.face import Face
from tavernlink.terminal.language import Words
from tavernlink.terminal.themes import Shade

__all__ = ["Following"]

_SETTLE_SECONDS = 1.0


class Following(Face):
    """Follows one tavern at a time. `tavern`: id or name to begin with; None: the first that is online."""

    def __init__(
        self, hub: Hub, words: Words, *, tavern: str | None = None, shade: Shade | None = None
    ) -> None:
        super().__init__(hub, words, shade=shade)
        self.growing = Growing()
        self.taverns: dict[str, TavernInfo] = {}
        self.tavern_id: str | None = None
        self.mirror: Mirror | None = None
        """The chat; None: it is not here yet."""
        self.may_write = False
        self.may_control = False
        self._asked = tavern
        self._followers: list[Worker[None]] = []

    # ── What is to be drawn ──────────────────────────────────────────────────────────────────────────────
    def draw_soon(self) -> None:
        """The messages have changed."""

    def draw_frame(self) -> None:
        """What stands around the messages has changed."""

    def show_chat(self, mirror: Mirror) -> None:
        """The chat has changed, or is another one."""

    def keep_draft(self) -> None:
        """Another chat comes."""

    # ── What is known ────────────────────────────────────────────────────────────────────────────────────
    @property
    def tavern_info(self) -> TavernInfo | None:
        """The tavern whose chat is shown."""
        return self.taverns.get(self.tavern_id or "")

    @property
    def revision(self) -> int:
        """Of the chat that is shown."""
        return self.mirror.revision if self.mirror else 0

    @property
    def end(self) -> int:
        """Messages in the chat."""
        return self.mirror.start + len(self.mirror.messages) if self.mirror else 0

    def message_at(self, index: int) -> ChatMessage | None:
        """Return a message by its index in the chat, where it is loaded."""
        if self.mirror is None or not 0 <= index - self.mirror.start < len(self.mirror.messages):
            return None
        return self.mirror.messages[index - self.mirror.start]

    # ── The hub ──────────────────────────────────────────────────────────────────────────────────────────
    async def reached(self) -> None:
        """Find the tavern, and follow what comes and goes."""
        self.run_worker(self._follow_taverns(), name="taverns")

    async def _follow_taverns(self) -> None:
        try:
            async with self.hub.subscribe("tavern.changed") as events:
                await self._list_taverns()
                async for event in events:
                    if isinstance(event, Resync):
                        await self._list_taverns()
                    elif isinstance(event, TavernChanged):
                        self.taverns[event.tavern.tavern_id] = event.tavern
                        self._choose_tavern()
        except TavernlinkError as error:
            self.leave(error)

    async def _list_taverns(self) -> None:
        self.taverns = {each.tavern_id: each for each in await self.hub.taverns()}
        if self._asked is not None and self._named() is None and self.tavern_id is None:
            known = ", ".join(each.name for each in self.taverns.values()) or "–"
            raise NotFound("unknown_tavern", self.words("chat.unknownTavern", name=self._asked, known=known))
        self._choose_tavern()

    def _named(self) -> str | None:
        for each in self.taverns.values():
            if self._asked in (each.tavern_id, each.name):
                return each.tavern_id
        return None

    def _choose_tavern(self) -> None:
        if self.tavern_id is None:
            online = (each.tavern_id for each in self.taverns.values() if each.online)
            first = self._named() if self._asked is not None else next(online, None)
            if first is not None:
                self.go_to_tavern(first)
        self.draw_frame()

    def go_to_tavern(self, tavern_id: str) -> None:
        """Show this tavern's open chat."""
        if tavern_id == self.tavern_id:
            return
        self.keep_draft()
        for each in self._followers:
            each.cancel()
        self.tavern_id, self.mirror = tavern_id, None
        self.growing.clear()
        self._followers = [
            self.run_worker(self._follow_chat(tavern_id), name="chat"),
            self.run_worker(self._follow_streams(tavern_id), name="streams"),
        ]
        self.draw_soon()
        self.draw_frame()

    async def _follow_chat(self, tavern_id: str) -> None:
        handle = self.hub.tavern(tavern_id)
        try:
            allowed = {each.name for each in await handle.commands() if each.allowed}
            self.may_write, self.may_control = "reply.generate" in allowed, "message.edit" in allowed
            async with handle.mirror(last=PAGE) as mirror:
                self.mirror = mirror
                self.show_chat(mirror)
                async for _ in mirror:
                    if self.growing.over:
                        self.growing.clear()
                    self.show_chat(mirror)
        except TavernlinkError as error:
            self.tell(self.words.error(error), bad=True)

    async def _follow_streams(self, tavern_id: str) -> None:
        try:
            async with self.hub.subscribe("stream.*", tavern=tavern_id) as events:
                async for event in events:
                    if isinstance(event, Resync):
                        self.growing.clear()
                    elif self.growing.receive(event) and self.growing.over:
                        self._settle(self.growing.stream_id)
                    self.draw_soon()
        except TavernlinkError as error:
            self.tell(self.words.error(error), bad=True)

    def end_stream(self, stream_id: str | None) -> None:
        """A request is over, and so is its stream, even where its end was not told."""
        if stream_id is not None and self.growing.stream_id == stream_id and not self.growing.over:
            self.growing.over = True
            self._settle(stream_id)
            self.draw_soon()

    def _settle(self, stream_id: str | None) -> None:
        """A stream is over: its text goes as soon as the chat holds it, which may have been before."""
        last = self.mirror.messages[-1] if self.mirror is not None and self.mirror.messages else None
        if last is not None and last.text.strip().endswith(self.growing.text.strip()):
            self.growing.clear()
        else:
            self.set_timer(_SETTLE_SECONDS, lambda: self._give_up(stream_id))

    def _give_up(self, stream_id: str | None) -> None:
        """No message came of it: it was stopped, or SillyTavern keeps another text, which is there by now."""
        if self.growing.stream_id == stream_id:
            self.growing.clear()
            self.draw_soon()
