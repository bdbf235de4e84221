"""The messages of the chat on screen: the end of it, and more the further one scrolls up."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tavernlink.protocol.chat import ChatMessage
from tavernlink.terminal.chat.frame import empty_text
from tavernlink.terminal.chat.message import MessageView

if TYPE_CHECKING:
    from tavernlink.terminal.chat.app import ChatApp

__all__ = ["PAGE", "History"]

PAGE = 60
"""Messages that are shown at first, and that come at once when one scrolls up."""


class History(VerticalScroll, can_focus=True):
    """Focused, its keys work on the selected message."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "select(-1)", show=False),
        Binding("down,j", "select(1)", show=False),
        Binding("home,g", "earliest", show=False),
        Binding("end,G", "latest", show=False),
        Binding("n,left", "app.deed('previous')", show=False),
        Binding("m,right", "app.deed('next')", show=False),
        Binding("r", "app.deed('regenerate')", show=False),
        Binding("c", "app.deed('continue')", show=False),
        Binding("s", "app.deed('stop')", show=False),
        Binding("e", "app.deed('edit')", show=False),
        Binding("d,delete", "app.deed('delete')", show=False),
        Binding("t", "toggle_thoughts", show=False),
        Binding("question_mark", "app.help", show=False),
        Binding("i,escape,enter,tab", "app.write", show=False),
        Binding("slash", "app.write('/')", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="history")
        self._earlier = Static("", id="earlier", markup=False)
        self._empty = Static("", id="empty", markup=False)
        self._views: list[MessageView] = []
        self._grown = MessageView(ChatMessage(name="", role="assistant", text=""))
        self._first = 0
        """Index in the chat of the first message that is drawn."""
        self._drawn_first = 0
        """`_first` when it was drawn last."""
        self._begin = True
        """What is drawn begins where the chat begins."""
        self._selected: int | None = None
        """Index in the chat; None: the last message."""

    @property
    def _face(self) -> ChatApp:
        return cast("ChatApp", self.app)

    def compose(self) -> ComposeResult:
        """What stands before the first message and after the last."""
        yield self._earlier
        yield self._empty
        yield self._grown

    def on_mount(self) -> None:
        """The end of the chat is what one wants to see."""
        self._grown.display = False
        self.anchor()

    # ── Drawing ──────────────────────────────────────────────────────────────────────────────────────────
    async def show(self, messages: list[ChatMessage], start: int, *, anew: bool = False) -> None:
        """Show the chat's messages as they are now; `start` is the index of the first that is loaded.

        `anew`: another chat, of which the end is shown.
        """
        end = start + len(messages)
        if anew:
            self._first, self._selected = max(start, end - PAGE), None
            self.anchor()
        self._first = max(start, min(self._first, end))
        if end - self._first < min(PAGE, len(messages)):
            self._first = end - min(PAGE, len(messages))
        drawn = messages[self._first - start :]
        await self._fit(len(drawn), at_top=self._drawn_first - self._first)
        self._drawn_first = self._first
        growing = self._face.growing
        last = messages[-1] if messages else None
        over = bool(growing) and growing.place != "new" and last is not None
        for at, (view, message) in enumerate(zip(self._views, drawn, strict=True)):
            at_end = at == len(drawn) - 1
            if at_end and over:
                view.draw(growing.over_last(last), self._first + at, growing=not growing.over)
            else:
                view.draw(message, self._first + at, last=at_end)
        self._grown.display = bool(growing) and not over
        if self._grown.display:
            self._grown.draw(growing.over_last(None), end, growing=not growing.over)
        self._show_edges(start, end)
        self._mark()

    async def _fit(self, count: int, *, at_top: int) -> None:
        """Have as many views as messages; `at_top`: so many came before the first, or, if negative, went there.

        A view keeps its message so, and nothing is drawn twice.
        """
        if at_top > 0 and self._views:
            new = _blank_views(min(at_top, max(0, count - len(self._views))))
            await self.mount_all(new, before=self._views[0])
            self._views[:0] = new
        elif at_top < 0:
            gone, self._views = self._views[:-at_top], self._views[-at_top:]
            for view in gone:
                await view.remove()
        while len(self._views) > count:
            await self._views.pop().remove()
        if len(self._views) < count:
            new = _blank_views(count - len(self._views))
            await self.mount_all(new, before=self._grown)
            self._views += new

    def _show_edges(self, start: int, end: int) -> None:
        self._begin = self._first == 0
        self._earlier.display = not self._begin
        self._earlier.update(self._face.words("chat.earlier", count=self._first))
        self._empty.display = end == 0 and not self._grown.display
        self._empty.update(empty_text(self._face))

    # ── Scrolling ────────────────────────────────────────────────────────────────────────────────────────
    def watch_scroll_y(self, old: float, new: float) -> None:
        """Load more when the beginning of what is drawn comes into sight."""
        super().watch_scroll_y(old, new)
        if new < old and new <= 2 and not self._begin:
            self._face.load_earlier()

    async def grow_up(self, count: int) -> None:
        """Draw `count` messages more before the first; what is on screen stays where it is."""
        below = self.max_scroll_y - self.scroll_y
        self._first = max(0, self._first - count)
        await self._face.draw_chat()
        self.call_after_refresh(
            lambda: self.scroll_to(y=self.max_scroll_y - below, animate=False, immediate=True)
        )

    @property
    def first(self) -> int:
        """Index in the chat of the first message that is drawn."""
        return self._first

    # ── Selecting ────────────────────────────────────────────────────────────────────────────────────────
    @property
    def selected(self) -> int | None:
        """Index in the chat of the selected message, by default the last; None: there is none."""
        if not self._views:
            return None
        end = self._first + len(self._views) - 1
        return end if self._selected is None else max(self._first, min(self._selected, end))

    def action_select(self, step: int) -> None:
        """Select the message before or after."""
        now = self.selected
        if now is None:
            return
        end = self._first + len(self._views) - 1
        wanted = now + step
        if wanted < self._first:
            self._face.load_earlier()
            return
        self._selected = None if wanted >= end else wanted
        self._mark()
        if self._selected is None:
            self.action_latest()
        else:
            self.scroll_to_widget(self._views[wanted - self._first], animate=False)

    def action_earliest(self) -> None:
        """Go to the first message that is drawn; more come with it."""
        self._selected = self._first
        self._mark()
        self.scroll_home(animate=False)

    def action_latest(self) -> None:
        """Go to the end, and stay there."""
        self._selected = None
        self._mark()
        self.anchor()
        self.scroll_end(animate=False)

    def action_toggle_thoughts(self) -> None:
        """Fold or unfold the thoughts of the selected message."""
        now = self.selected
        if now is not None:
            self._views[now - self._first].toggle()

    def watch_has_focus(self, has_focus: bool) -> None:  # noqa: FBT001 (Textual's own form)
        """Show what the keys work on, or that there is nothing."""
        super().watch_has_focus(has_focus)
        self._mark()

    def redraw(self) -> None:
        """Draw everything in other colours."""
        for view in (*self._views, self._grown):
            view.redraw()

    def _mark(self) -> None:
        now = self.selected if self.has_focus else None
        for at, view in enumerate(self._views):
            view.set_class(now == self._first + at, "selected")


def _blank_views(count: int) -> list[MessageView]:
    return [MessageView(ChatMessage(name="", role="assistant", text="")) for _ in range(count)]
