"""What `top` and `chat` share: a screen that holds a line to the hub, says how it is, and speaks one language.

The line is opened and mended by the SDK; a screen only shows it. Above it stand the two screens, below it the SDK.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import PurePath
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import ModalScreen
from textual.widgets import Static

from tavernlink.controls import without_controls
from tavernlink.errors import TavernlinkError
from tavernlink.sdk import Hub
from tavernlink.terminal.help import Help
from tavernlink.terminal.language import Words
from tavernlink.terminal.showing import OnlyShown
from tavernlink.terminal.themes import DARK, LIGHT, Shade, find_shade

__all__ = ["Face"]

T = TypeVar("T")

_ONLY_SHOWN = OnlyShown()
_LOOK_SECONDS = 0.5
"""How often the screen looks whether the line is up: at a variable of the SDK, not at the network."""


class Face(App[None]):
    """A screen about one hub. It ends with status 1 and a sentence where the hub refuses the key."""

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH: ClassVar[list[str | PurePath]] = ["face.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "toggle_shade", show=False),
        Binding("f1", "help", show=False),
        Binding("ctrl+q", "quit", show=False, priority=True),
    ]

    def __init__(self, hub: Hub, words: Words, *, shade: Shade | None = None) -> None:
        super().__init__()
        self.hub = hub
        self.words = words
        self.line_up: bool | None = None
        """None: the hub was not reached yet."""
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = f"tavernlink-{shade or find_shade()}"

    def on_mount(self) -> None:
        """Begin to reach the hub."""
        self.set_interval(_LOOK_SECONDS, self.look_at_line)
        self.run_worker(self._reach(), name="hub")

    async def _reach(self) -> None:
        try:
            await self.hub.open()
        except TavernlinkError as error:
            self.leave(error)
            return
        self.look_at_line()
        await self.reached()

    async def reached(self) -> None:
        """The hub answers for the first time."""

    def line_changed(self) -> None:
        """The line went up or down."""

    def look_at_line(self) -> None:
        """Say so where the line went up or down."""
        up = self.hub.connected
        if up != self.line_up and (up or self.line_up is not None):
            self.line_up = up
            self.line_changed()

    def line_text(self) -> Text:
        """How the line is, in a few words."""
        if self.line_up is None:
            return Text(f"◌ {self.words('line.connecting')}", style=self.colour("warning"))
        if self.line_up:
            return Text(f"● {self.words('line.up')}", style=self.colour("success"))
        return Text(f"◌ {self.words('line.down')}", style=self.colour("warning"))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """As every app's, and last of all what keeps others from writing to the terminal."""
        return [*super().get_line_filters(), _ONLY_SHOWN]

    def put(self, place: str, text: Text | str) -> None:
        """Show a text in a place of the screen; nothing where the screen is being taken down."""
        for each in self.query(place).results(Static):
            each.update(text)

    def colour(self, name: str) -> str:
        """Return one of the theme's colours, for what rich draws."""
        return self.theme_variables[name]

    def leave(self, error: TavernlinkError) -> None:
        """End with status 1 and the error's sentence."""
        self.exit(return_code=1, message=without_controls(f"error: {self.words.error(error)}"))

    async def attempt(self, work: Callable[[], Awaitable[object]]) -> bool:
        """Do something that may fail; what goes wrong is told. Returns whether it worked."""
        try:
            await work()
        except TavernlinkError as error:
            self.tell(self.words.error(error), bad=True)
            return False
        return True

    def tell(self, text: str, *, bad: bool = False) -> None:
        """Show a sentence for a while."""
        self.notify(text, severity="error" if bad else "information", markup=False, timeout=8 if bad else 4)

    async def ask(self, sheet: ModalScreen[T]) -> T | None:
        """Open a sheet and return what it ends with."""
        answer: asyncio.Future[T | None] = asyncio.get_running_loop().create_future()

        def take(result: T | None) -> None:
            if not answer.done():
                answer.set_result(result)

        self.push_screen(sheet, take)
        return await answer

    def help_rows(self) -> list[tuple[str, str]]:
        """Keys and what they do."""
        return []

    def action_help(self) -> None:
        """Show what the keys do."""
        if not isinstance(self.screen, Help):
            self.push_screen(Help(self.words, self.help_rows()))

    def action_toggle_shade(self) -> None:
        """Change between dark and light."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name
