"""The screen of `tavernlink chat`: who is spoken with, the messages, a line of news, and where the person types."""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.css.query import NoMatches
from textual.theme import Theme
from textual.widget import MountError
from textual.widgets import Static
from textual.worker import Worker

from tavernlink.protocol.chat import ChatMessage
from tavernlink.sdk import Hub, Mirror
from tavernlink.terminal.chat import frame
from tavernlink.terminal.chat.composer import Composer
from tavernlink.terminal.chat.deeds import Deeds
from tavernlink.terminal.chat.drafts import Drafts
from tavernlink.terminal.chat.following import Following
from tavernlink.terminal.chat.history import PAGE, History
from tavernlink.terminal.chat.palette import Palette
from tavernlink.terminal.chat.slash import SLASHES, find_slash
from tavernlink.terminal.language import Words
from tavernlink.terminal.themes import Shade

__all__ = ["ChatApp"]

_DRAW_SECONDS = 0.05
"""A reply is drawn so often at most, however fast it comes."""


class ChatApp(Following):
    """One tavern's open chat. `tavern`: id or name to begin with; None: the first that is online."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["../face.tcss", "chat.tcss"]
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "deed('character')", show=False),
        Binding("f3", "deed('chat')", show=False),
        Binding("f4", "deed('tavern')", show=False),
        Binding("f5", "deed('new')", show=False),
        Binding("f8", "deed('stop')", show=False),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+d", "end", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def __init__(
        self,
        hub: Hub,
        words: Words,
        *,
        drafts: Drafts,
        tavern: str | None = None,
        speaks_as: str | None = None,
        shade: Shade | None = None,
    ) -> None:
        super().__init__(hub, words, tavern=tavern, shade=shade)
        self.deeds = Deeds(self)
        self.deeds.speaks_as = speaks_as
        self._drafts = drafts
        self._shown_chat: tuple[str | None, str | None] | None = None
        self.editing: tuple[int, ChatMessage] | None = None
        """Place of the message that is edited, and what it was."""
        self._dirty = False
        self._anew = True
        self._last_typed = ""
        self._drawing = asyncio.Lock()
        self._earlier: Worker[None] | None = None
        self._leaving = False

    # ── What is on screen ────────────────────────────────────────────────────────────────────────────────
    def compose(self) -> ComposeResult:
        """From top to bottom."""
        with Horizontal(id="head"):
            yield Static(id="who", markup=False)
            yield Static(id="where", markup=False)
        yield History()
        palette = Palette(self.words)
        yield palette
        yield Static(id="notice", markup=False)
        yield Composer(palette)
        yield Static(id="hint", markup=False)

    def on_mount(self) -> None:
        """Begin, with the cursor where one types."""
        self.composer.display = False
        self.set_interval(_DRAW_SECONDS, self._draw_if_dirty)
        self.theme_changed_signal.subscribe(self, self._recolour)
        self.draw_frame()

    @property
    def history(self) -> History:
        """The messages."""
        return self.query_one(History)

    @property
    def composer(self) -> Composer:
        """Where the person types."""
        return self.query_one(Composer)

    # ── What has come ────────────────────────────────────────────────────────────────────────────────────
    def show_chat(self, mirror: Mirror) -> None:
        """Draw the chat; where it is another one, with its own draft."""
        chat = (self.tavern_id, mirror.chat_id)
        if self._shown_chat is None or self._shown_chat != chat:
            self.keep_draft()
            self._shown_chat = chat
            self.editing = None
            self.composer.replace_text(self._drafts.get(self._draft_key(chat)))
            self._anew = True
            self.composer.display = self.may_write
            if self.focused is None:
                (self.composer if self.may_write else self.history).focus()
        self.draw_soon()
        self.draw_frame()

    # ── Drafts ───────────────────────────────────────────────────────────────────────────────────────────
    def keep_draft(self) -> None:
        """Keep what is typed for the chat that it was typed in."""
        if self._shown_chat is not None and self.editing is None:
            text = self.composer.text
            self._drafts.put(self._draft_key(self._shown_chat), "" if text.startswith("/") else text)

    def _draft_key(self, chat: tuple[str | None, str | None]) -> str:
        return f"{self.hub.url} {chat[0]} {chat[1]}"

    # ── Drawing ──────────────────────────────────────────────────────────────────────────────────────────
    def draw_soon(self) -> None:
        """Have the messages drawn with the next frame."""
        self._dirty = True

    async def _draw_if_dirty(self) -> None:
        if not self._dirty or not any(history.is_mounted for history in self.query(History)):
            return
        try:
            await self.draw_chat()
        except (MountError, NoMatches):
            if self.is_running:  # else the screen was taken down while it was drawn
                raise

    async def draw_chat(self) -> None:
        """Draw the messages as they are now."""
        async with self._drawing:
            self._dirty = False
            mirror, anew = self.mirror, self._anew
            self._anew = False
            await self.history.show(
                [] if mirror is None else mirror.messages, 0 if mirror is None else mirror.start, anew=anew
            )
        self.draw_notice()

    def draw_frame(self) -> None:
        """Draw what stands around the messages."""
        self.put("#who", frame.who(self))
        self.put("#where", frame.where(self))
        self.draw_notice()

    def draw_notice(self) -> None:
        """Draw the line of news, and the keys."""
        self.put("#notice", frame.notice(self))
        for composer in self.query(Composer):
            hint = "hint.write" if composer.has_focus else "hint.read" if self.may_write else "hint.look"
            self.put("#hint", self.words(hint))
            placeholder = self.words("chat.placeholder") if self.tavern_id else ""
            if composer.placeholder != placeholder:
                composer.placeholder = placeholder

    def look_at_line(self) -> None:
        """With it, whether what was asked for waits: the SDK learns that without an event."""
        super().look_at_line()
        if self.deeds.reply is not None:
            self.draw_notice()

    def line_changed(self) -> None:
        """Say how the line is."""
        self.draw_soon()
        self.draw_frame()

    def _recolour(self, _: Theme) -> None:
        self.history.redraw()
        self.draw_frame()

    # ── What the person does ─────────────────────────────────────────────────────────────────────────────
    def load_earlier(self) -> None:
        """Draw earlier messages; those that are not here yet are fetched."""
        if self.mirror is not None and (self._earlier is None or self._earlier.is_finished):
            self._earlier = self.run_worker(self._load_earlier(self.mirror), name="earlier")

    async def _load_earlier(self, mirror: Mirror) -> None:
        if self.history.first <= mirror.start:
            await self.attempt(lambda: mirror.load_earlier(PAGE))
        await self.history.grow_up(PAGE)

    def on_composer_submitted(self, event: Composer.Submitted) -> None:
        """Send, save, or do what the slash word says."""
        text = event.text
        if self.editing is not None:
            index, before = self.editing
            self.run_worker(self.attempt(lambda: self._save(index, before, text)), name="deed")
        elif text.startswith("/") and not text.startswith("//"):
            self._slash(text[1:])
        elif text.strip():
            self.composer.clear()
            self.keep_draft()
            self.history.action_latest()
            self.run_worker(self._send(text[1:] if text.startswith("//") else text), name="deed")

    async def _send(self, text: str) -> None:
        sent = await self.attempt(lambda: self.deeds.send(text)) or self._has_said(text)
        if not sent and not self.composer.text:
            self.composer.replace_text(text)  # what was not sent is not lost

    def _has_said(self, text: str) -> bool:
        said = self.mirror.messages[-2:] if self.mirror else []
        return any(each.role == "user" and each.text.strip() == text.strip() for each in said)

    def _slash(self, typed: str) -> None:
        name, _, word = typed.partition(" ")
        slash = find_slash(name.strip())
        if slash is None:
            self.tell(self.words("slash.unknown", name=name), bad=True)
            return
        self.composer.clear()
        self.action_deed(slash.name, word.strip())

    def action_deed(self, name: str, word: str = "") -> None:
        """Do one of the deeds, where the key may."""
        need = next(each.need for each in SLASHES if each.name == name)
        if need != "nothing" and (self.tavern_id is None or self.mirror is None):
            return
        if (need == "write" and not self.may_write) or (need == "control" and not self.may_control):
            self.tell(self.words("chat.notAllowed"), bad=True)
            return
        self.run_worker(self.attempt(lambda: self.deeds.all[name](word)), name="deed")

    def edit(self, index: int, message: ChatMessage) -> None:
        """Have a message changed where one types; what was typed there is kept."""
        self.keep_draft()
        self.editing = (index, message)
        self.composer.replace_text(message.text)
        self.composer.focus()
        self.draw_notice()

    async def _save(self, index: int, before: ChatMessage, text: str) -> None:
        if await self.deeds.save(index, before, text):
            self._end_editing()

    def _end_editing(self) -> None:
        self.editing = None
        if self._shown_chat is not None:
            self.composer.replace_text(self._drafts.get(self._draft_key(self._shown_chat)))
        self.history.focus()
        self.draw_notice()

    def on_composer_left(self) -> None:
        """Escape: no more editing, or to the messages."""
        if self.editing is not None:
            self._end_editing()
        else:
            self.history.focus()

    def on_descendant_focus(self) -> None:
        """Other keys work now."""
        self.draw_notice()

    def action_write(self, text: str = "") -> None:
        """Go to where one types."""
        if not self.composer.display:
            return
        self.composer.focus()
        if text and not self.composer.text:
            self.composer.replace_text(text)

    def action_page(self, way: int) -> None:
        """Scroll the messages by a screen from where one types."""
        self.history.scroll_relative(y=way * (self.history.size.height - 2), animate=False)

    def action_interrupt(self) -> None:
        """Ctrl+C: copy what is selected, stop what is written, or, twice, leave."""
        if self.composer.has_focus and self.composer.selected_text:
            self.composer.action_copy()
        elif self.deeds.reply is not None or (self.growing and not self.growing.over):
            self.action_deed("stop")
        elif self._leaving:
            self.exit()
        else:
            self._leaving = True
            self.set_timer(3, self._stay)
            self.tell(self.words("chat.leaveAsk"))

    def _stay(self) -> None:
        self._leaving = False

    def action_end(self) -> None:
        """Ctrl+D: leave where nothing is typed, as a shell does; else delete to the right."""
        if self.composer.has_focus and self.composer.text:
            self.composer.action_delete_right()
        else:
            self.exit()

    def help_rows(self) -> list[tuple[str, str]]:
        """Keys first, then words."""
        keys = ["enter", "newline", "escape", "arrows", "pages", "interrupt", "end"]
        rows = [(self.words(f"help.{key}.keys"), self.words(f"help.{key}")) for key in keys]
        rows.append(("", ""))
        for each in SLASHES:
            takes = f" {self.words(each.takes)}" if each.takes else ""
            shown = f"  ({each.keys})" if each.keys else ""
            rows.append((f"/{each.name}{takes}", f"{self.words(f'slash.{each.name}')}{shown}"))
        return rows

    async def on_unmount(self) -> None:
        """Keep what was not sent."""
        if self._shown_chat is not None:
            self._drafts.put(self._draft_key(self._shown_chat), self._last_typed)

    def on_text_area_changed(self) -> None:
        """Remember what is typed: at the end there is no composer any more to ask."""
        if self.editing is None:
            text = self.composer.text
            self._last_typed = "" if text.startswith("/") and not text.startswith("//") else text
