"""The board once, for scripts and pipes: as JSON, or as text."""

from __future__ import annotations

import time
from typing import Any

from tavernlink.sdk import Hub
from tavernlink.terminal.language import Words
from tavernlink.terminal.top.board import Board
from tavernlink.terminal.top.figures import duration, size, tiles
from tavernlink.terminal.top.panels import PANELS, rows_of

__all__ = ["Table", "as_json", "as_tables", "take_snapshot"]

Table = tuple[str, list[str], list[list[str]]]
"""A title, the names of columns, and rows."""


async def take_snapshot(hub: Hub) -> Board:
    """Fetch the board as it is now; the hub handle must be open."""
    board = Board()
    await board.load(hub)
    return board


def as_json(board: Board, hub: Hub) -> dict[str, Any]:
    """Return everything under the names that the protocol has for it."""
    return {
        "url": hub.url,
        "version": hub.version,
        "stats": board.stats,
        "taverns": list(board.taverns.values()),
        "requests": board.open_requests,
        "rooms": board.rooms,
        "functions": sorted(board.functions),
    }


def as_tables(board: Board, words: Words) -> tuple[list[str], list[Table]]:
    """Return a few lines of figures, and each list that is not empty, without the log."""
    lines = []
    if board.stats is not None:
        stats = board.stats
        lines.append(words("top.up", time=duration(stats.uptime)))
        lines.append(words("top.connections", taverns=stats.taverns, apps=stats.apps))
        if stats.memory is not None:
            lines.append(words("top.memory", size=size(stats.memory)))
        lines += [f"{each.name}: {each.value}" for each in tiles(board, words)]
    tables: list[Table] = []
    for panel in PANELS:
        if panel.name == "log":
            continue
        rows = rows_of(panel, board, words, time.time(), by=panel.sorted_by, falling=panel.falling, search="")
        if rows:
            columns = [words(f"column.{name}") for name in panel.columns]
            cells = [[cell.text for cell in row.cells] for row in rows]
            tables.append((words(f"panel.{panel.name}"), columns, cells))
    return lines, tables
