"""The tiles at the top: a figure, what it is, and how it went during the last two minutes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from tavernlink.terminal.language import Words
from tavernlink.terminal.top.board import Board

__all__ = ["Tile", "amount", "draw", "duration", "size", "spark", "tiles"]

_BARS = " ▁▂▃▄▅▆▇█"


class Tile(NamedTuple):
    """One of them."""

    name: str
    value: str
    course: Sequence[float]
    short: str = ""
    """The value, where a tile is narrow."""


def tiles(board: Board, words: Words) -> list[Tile]:
    """Return the tiles of this moment."""
    stats = board.stats
    if stats is None:
        return []
    found = [
        Tile(words("top.tokens"), amount(stats.tokens), board.tokens),
        Tile(
            words("top.requests"),
            words("top.requestsValue", running=stats.running, queued=stats.queued),
            board.busy,
            f"{stats.running}+{stats.queued}",
        ),
    ]
    if stats.received is not None and stats.sent is not None:
        both = [a + b for a, b in zip(board.received, board.sent, strict=True)]
        found.append(Tile(words("top.messages"), f"↓{amount(stats.received)} ↑{amount(stats.sent)}", both))
    if stats.delivery is None:
        found.append(Tile(words("top.delivery"), "–", board.delivery))
    else:
        usual, slow = stats.delivery.p50, stats.delivery.p99
        value = words("top.deliveryValue", usual=_fine(usual), slow=_fine(slow))
        found.append(Tile(words("top.delivery"), value, board.delivery, f"{_fine(usual)} ms"))
    return found


def spark(course: Iterable[float], width: int) -> str:
    """Draw the last `width` figures as bars, the highest of them as high as it goes."""
    shown = list(course)[-width:]
    highest = max(shown, default=0.0)
    if highest <= 0:
        return _BARS[1] * len(shown)
    return "".join(_BARS[max(1, round(each / highest * (len(_BARS) - 1)))] for each in shown)


def draw(tile: Tile, width: int, *, soft: str, strong: str) -> Text:
    """Draw a tile in two lines."""
    name, value = tile.name, tile.value
    if tile.short and cell_len(name) + cell_len(value) >= width:
        value = tile.short
    name = set_cell_size(name, max(0, min(cell_len(name), width - cell_len(value) - 1)))
    return Text.assemble(
        (name, soft),
        " " * max(1, width - cell_len(name) - cell_len(value)),
        (value, "bold"),
        "\n",
        (spark(tile.course, width).rjust(width), strong),
        no_wrap=True,
        overflow="ellipsis",
    )


def amount(value: float) -> str:
    """A figure in few letters."""
    if value >= 10_000:
        return f"{value / 1_000:.0f}k"
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


def duration(seconds: float) -> str:
    """A time in two parts at most: `3d 4h`, `12m`, `4.2s`."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h {minutes}m"
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"


def size(count: float) -> str:
    """Bytes in few letters: `85 MB`, `1.2 GB`."""
    return f"{count / 1e9:.1f} GB" if count >= 999_500_000 else f"{count / 1e6:.0f} MB"


def _fine(milliseconds: float) -> str:
    """Two figures where there are two: most deliveries take less than a tenth."""
    return f"{milliseconds:.2f}" if milliseconds < 1 else amount(milliseconds)
