"""What the commands that take the whole screen share: their options, and running them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

if TYPE_CHECKING:
    from tavernlink.terminal.face import Face
    from tavernlink.terminal.language import Words

F = TypeVar("F", bound="Face")

__all__ = ["Lang", "Theme", "make_words", "show"]

Lang = Annotated[
    Literal["en", "zh"] | None,
    typer.Option("--lang", help="Language of the screen.", show_default="the system's"),
]
Theme = Annotated[
    Literal["dark", "light"] | None,
    typer.Option("--theme", help="Colours of the screen.", show_default="as the terminal says, or dark"),
]


def make_words(language: Literal["en", "zh"] | None) -> Words:
    """Return the screen's texts."""
    from tavernlink.terminal.language import Words, find_language

    return Words(language or find_language())


def show(make: Callable[[], F]) -> F:
    """Run the screen that `make` gives, and return it; where it ends badly, so does the command."""
    from tavernlink.cli.loop import run
    from tavernlink.terminal.running import run_face

    async def work() -> tuple[F, int]:
        face = make()
        return face, await run_face(face)

    face, status = run(work())
    if status:
        raise SystemExit(status)
    return face
