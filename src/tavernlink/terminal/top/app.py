"""The screen of `tavernlink top`: the hub, tiles with small charts, one list at a time, and its keys.

The board is drawn a few times a second at most, however much happens; nothing is drawn when nothing has happened.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import PurePath
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import DataTable, Input, Static

from tavernlink.errors import AuthError, TavernlinkError
from tavernlink.protocol.session import Resync
from tavernlink.sdk import Hub
from tavernlink.terminal.face import Face
from tavernlink.terminal.help import Help
from tavernlink.terminal.language import Words
from tavernlink.terminal.sure import Sure
from tavernlink.terminal.themes import Shade
from tavernlink.terminal.top.board import Board
from tavernlink.terminal.top.figures import draw, duration, size, tiles
from tavernlink.terminal.top.panels import PANELS, Row, clock, rows_of

__all__ = ["TopApp"]

_DRAW_SECONDS = 0.25
_TALL = 34
"""From this height on, the newest lines of the log stand under the list."""
_TAIL = 8


class TopApp(Face):
    """What the hub does. `chat_of`: after the end, the tavern whose chat the person wants to see."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["../face.tcss", "top.tcss"]
    AUTO_FOCUS = "DataTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+c", "quit", show=False),
        Binding("question_mark,h", "help", show=False),
        *(Binding(str(at), f"panel({at - 1})", show=False) for at in range(1, len(PANELS) + 1)),
        Binding("tab,right", "step(1)", show=False, priority=True),
        Binding("shift+tab,left", "step(-1)", show=False, priority=True),
        Binding("slash,f", "search", show=False),
        Binding("escape", "all", show=False),
        Binding("s", "sort", show=False),
        Binding("r,S", "turn", show=False),
        Binding("c,delete", "cancel", show=False),
        Binding("o,enter", "open", show=False),
        Binding("p,space", "pause", show=False),
    ]

    def __init__(self, hub: Hub, words: Words, *, shade: Shade | None = None) -> None:
        super().__init__(hub, words, shade=shade)
        self.board = Board()
        self.chat_of: str | None = None
        self.panel = 0
        self._sorting = {at: (panel.sorted_by, panel.falling) for at, panel in enumerate(PANELS)}
        self._search = ""
        self._paused = False
        self._dirty = True
        self._rows: list[Row] = []

    # ── What is on screen ────────────────────────────────────────────────────────────────────────────────
    def compose(self) -> ComposeResult:
        """From top to bottom."""
        with Horizontal(id="head"):
            yield Static(id="hub", markup=False)
            yield Static(id="line", markup=False)
        yield Static(id="tiles", markup=False)
        yield Static(id="tabs", markup=False)
        yield DataTable(id="list", cursor_type="row", zebra_stripes=False)
        yield Static(id="nothing", markup=False)
        yield Static(id="tail", markup=False)
        yield Input(id="search", placeholder=self.words("picker.search"), compact=True)
        yield Static(id="hint", markup=False)

    def on_mount(self) -> None:
        """Begin."""
        self.query_one("#search").display = False
        self._take_columns()
        self.set_interval(_DRAW_SECONDS, self._draw_if_dirty)
        self.set_interval(1.0, self._grow_older)
        self.theme_changed_signal.subscribe(self, lambda _: self.draw())
        self.draw()

    @property
    def table(self) -> DataTable[Text]:
        """The list that is shown."""
        return self.query_one("#list", DataTable)

    # ── The hub ──────────────────────────────────────────────────────────────────────────────────────────
    async def reached(self) -> None:
        """Follow everything."""
        self.run_worker(self._follow(), name="board")

    async def _follow(self) -> None:
        try:
            await asyncio.gather(self._hear(*Board.TYPES), self._hear_as_admin())
        except TavernlinkError as error:
            self.leave(error)

    async def _hear(self, *types: str) -> None:
        async with self.hub.subscribe(*types) as happenings:
            await self.board.load(self.hub)
            self._dirty = True
            async for event in happenings:
                if isinstance(event, Resync):
                    await self.board.load(self.hub)
                elif self.board.receive(event):
                    await self.board.load_rooms(self.hub)
                self._dirty = True

    async def _hear_as_admin(self) -> None:
        """Hear what only admins may; other keys do without."""
        try:
            async with self.hub.subscribe(*Board.ADMIN_TYPES) as happenings:
                async for event in happenings:
                    self.board.receive(event)
                    self._dirty = True
        except AuthError as error:
            if error.code != "forbidden":
                raise

    # ── Drawing ──────────────────────────────────────────────────────────────────────────────────────────
    def _grow_older(self) -> None:
        if PANELS[self.panel].name == "requests" and self.board.open_requests:
            self._dirty = True

    def _draw_if_dirty(self) -> None:
        if self._dirty and not self._paused and len(self.screen_stack) == 1:
            self.draw()

    def draw(self) -> None:
        """Draw everything as it is now."""
        if not self.is_running:
            return
        self._dirty = False
        self._draw_head()
        self._draw_tabs()
        self._draw_list()
        self._draw_tail()
        self.put("#hint", self._hint())

    def _draw_head(self) -> None:
        stats, soft = self.board.stats, self.colour("soft")
        head = Text.assemble(
            ("Tavernlink", f"bold {self.colour('primary')}"), no_wrap=True, overflow="ellipsis"
        )
        if self.hub.version:
            head.append(f" {self.hub.version}", style="bold")
        if stats:
            head.append(f"  {self.words('top.up', time=duration(stats.uptime))}")
            head.append(f"  {self.words('top.connections', taverns=stats.taverns, apps=stats.apps)}")
            if stats.memory is not None:
                head.append(f"  {size(stats.memory)}")
        head.append(f"  {self.hub.url}", style=soft)
        self.put("#hub", head)
        line = self.line_text()
        if self._paused:
            line = Text(f"❚❚ {self.words('top.paused')}  ", style=self.colour("warning")) + line
        self.put("#line", line)
        self._draw_tiles()

    def _draw_tiles(self) -> None:
        found = tiles(self.board, self.words)
        where = self.query_one("#tiles", Static)
        if not found:
            where.update(Text(self.words("chat.reaching", url=self.hub.url) if self.line_up is None else ""))
            return
        width = (self.size.width - 2 - 3 * (len(found) - 1)) // len(found)
        drawn = [draw(each, width, soft=self.colour("soft"), strong=self.colour("primary")) for each in found]
        lines = zip(*(each.split("\n", allow_blank=True) for each in drawn), strict=True)
        where.update(Text("\n").join(Text("   ").join(parts) for parts in lines))

    def _draw_tabs(self) -> None:
        names = [self.words(f"panel.{panel.name}") for panel in PANELS]
        counts = [len(list(panel.rows(self.board, self.words, 0.0))) for panel in PANELS]
        counts[-1] = 0  # the log's says nothing
        full = [
            f" {at + 1} {name}{f' {count}' if count else ''} "
            for at, (name, count) in enumerate(zip(names, counts, strict=True))
        ]
        short = [f" {at + 1} {name} " for at, name in enumerate(names)]
        shown = full if sum(map(cell_len, full)) <= self.size.width else short
        tabs = Text(no_wrap=True, overflow="ellipsis")
        for at, name in enumerate(shown):
            chosen = f"bold reverse {self.colour('primary')}"
            tabs.append(name, style=chosen if at == self.panel else self.colour("soft"))
        self.put("#tabs", tabs)

    def _take_columns(self) -> None:
        by, falling = self._sorting[self.panel]
        table = self.table
        table.clear(columns=True)
        for at, name in enumerate(PANELS[self.panel].columns):
            mark = (" ▼" if falling else " ▲") if at == by else ""
            table.add_column(Text(self.words(f"column.{name}") + mark), key=name)
        self._rows = []

    def _draw_list(self) -> None:
        panel, table = PANELS[self.panel], self.table
        by, falling = self._sorting[self.panel]
        rows = rows_of(
            panel, self.board, self.words, time.time(), by=by, falling=falling, search=self._search
        )
        if rows != self._rows or not self._rows:
            chosen = self._chosen()
            top = table.scroll_y
            table.clear()
            for row in rows:
                table.add_row(*(self._cell(cell.text, cell.tone) for cell in row.cells), key=row.id)
            self._rows = rows
            at = next((at for at, row in enumerate(rows) if row.id == chosen), 0)
            if rows:
                table.move_cursor(row=at, scroll=False)
                table.scroll_to(y=top, animate=False, immediate=True)
        nothing = self.query_one("#nothing", Static)
        nothing.display = not rows
        table.display = bool(rows)
        text = "picker.none" if self._search else f"nothing.{panel.name}"
        nothing.update(self.words(text) if self.board.stats or self.line_up else "")

    def _cell(self, text: str, tone: str) -> Text:
        return Text(text, style=self.colour(tone) if tone else "", no_wrap=True, overflow="ellipsis")

    def _draw_tail(self) -> None:
        tail = self.query_one("#tail", Static)
        tail.display = (
            self.size.height >= _TALL and PANELS[self.panel].name != "log" and bool(self.board.lines)
        )
        if not tail.display:
            return
        lines = []
        for each in list(self.board.lines)[-_TAIL:]:
            tone = {"warning": "warning", "error": "error", "critical": "error"}.get(each.level, "soft")
            facts = " ".join(f"{name}={value}" for name, value in each.facts.items() if name != "exception")
            lines.append(
                Text.assemble(
                    (f"{clock(each.time)} ", self.colour("soft")),
                    (f"{each.text}  ", self.colour(tone)),
                    (" ".join(facts.split()), self.colour("soft")),
                    no_wrap=True,
                    overflow="ellipsis",
                )
            )
        tail.update(Text("\n", no_wrap=True, overflow="ellipsis").join(lines))

    def _hint(self) -> Text:
        name = PANELS[self.panel].name
        parts = [self.words("hint.top")]
        if name == "requests":
            parts.insert(0, self.words("hint.requests"))
        elif name == "taverns":
            parts.insert(0, self.words("hint.taverns"))
        if self._search:
            parts.insert(0, self.words("hint.searched", text=self._search))
        hint = Text(no_wrap=True, overflow="ellipsis")
        for part in parts:
            separator = " · " if hint.plain else ""
            if cell_len(hint.plain + separator + part) <= self.size.width - 2:
                hint.append(separator + part)
        return hint

    def line_changed(self) -> None:
        """Say how the line is."""
        self.draw()

    def on_resize(self, _: events.Resize) -> None:
        """Tiles and hints have another width."""
        self._dirty = True

    # ── What the person does ─────────────────────────────────────────────────────────────────────────────
    def _chosen(self) -> str | None:
        at = self.table.cursor_row
        return self._rows[at].id if 0 <= at < len(self._rows) else None

    def action_panel(self, panel: int) -> None:
        """Show another list."""
        self.panel = panel
        self._search = ""
        self._take_columns()
        self.draw()

    def action_step(self, step: int) -> None:
        """Show the list beside; in the line to search, nothing."""
        if len(self.screen_stack) == 1 and not self.query_one("#search").has_focus:
            self.action_panel((self.panel + step) % len(PANELS))

    def action_sort(self) -> None:
        """Sort by the next column."""
        by, falling = self._sorting[self.panel]
        self._sorting[self.panel] = ((by + 1) % len(PANELS[self.panel].columns), falling)
        self._take_columns()
        self.draw()

    def action_turn(self) -> None:
        """Sort the other way round."""
        by, falling = self._sorting[self.panel]
        self._sorting[self.panel] = (by, not falling)
        self._take_columns()
        self.draw()

    def action_search(self) -> None:
        """Open the line to search in."""
        line = self.query_one("#search", Input)
        line.value = self._search
        line.display = True
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search while it is typed."""
        self._search = event.value
        self.draw()

    def on_input_submitted(self) -> None:
        """Back to the list, which stays searched."""
        self._leave_search()

    def action_all(self) -> None:
        """Show all rows again."""
        self._search = ""
        self._leave_search()

    def _leave_search(self) -> None:
        self.query_one("#search").display = False
        self.table.focus()
        self.draw()

    def action_pause(self) -> None:
        """Hold the picture still, or go on."""
        self._paused = not self._paused
        self.draw()

    def action_cancel(self) -> None:
        """Cancel the chosen request, after a question."""
        chosen = self._chosen()
        if PANELS[self.panel].name == "requests" and chosen is not None:
            self.run_worker(self.attempt(lambda: self._cancel(chosen)), name="cancel")

    async def _cancel(self, request_id: str) -> None:
        request = self.board.requests.get(request_id)  # the picture may be held, and behind
        if request is None or request.finished is not None:
            self.tell(self.words("top.isOver"))
            return
        question = self.words("top.cancelAsk", type=request.type, asker=request.asker or request.key or "–")
        if await self.ask(Sure(question, self.words)):
            await self.hub.requests.cancel(request_id)
            self.tell(self.words("top.cancelled"))

    def on_data_table_row_selected(self) -> None:
        """Enter on a row."""
        self.action_open()

    def action_open(self) -> None:
        """Leave for the chat of the chosen tavern, or of the request's; else show the whole row."""
        chosen, name = self._chosen(), PANELS[self.panel].name
        if name == "taverns":
            self.chat_of = chosen
        elif name == "requests" and chosen is not None:
            request = self.board.requests.get(chosen)
            self.chat_of = None if request is None else request.tavern
        elif chosen is not None:
            self.push_screen(Help(self.words, self._whole(chosen), title=self.words(f"panel.{name}")))
        if self.chat_of is not None:
            self.exit()

    def _whole(self, chosen: str) -> list[tuple[str, str]]:
        """Everything of a row, however long."""
        row = next(each for each in self._rows if each.id == chosen)
        columns = [self.words(f"column.{name}") for name in PANELS[self.panel].columns]
        return [(name, cell.text) for name, cell in zip(columns, row.cells, strict=True) if cell.text]

    def help_rows(self) -> list[tuple[str, str]]:
        """The keys."""
        names = ["panels", "rows", "search", "sort", "turn", "cancel", "open", "pause", "shade", "quit"]
        return [(self.words(f"help.{name}.keys"), self.words(f"help.{name}")) for name in names]
