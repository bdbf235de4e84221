"""The lists of `top`: for each its columns, and rows made of the board. Sorting and searching work on all alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tavernlink.protocol.requests import RequestInfo
from tavernlink.protocol.stats import TavernFigures
from tavernlink.protocol.taverns import TavernInfo
from tavernlink.terminal.language import Words
from tavernlink.terminal.top.board import Board
from tavernlink.terminal.top.figures import amount, duration

__all__ = ["PANELS", "Cell", "Panel", "Row", "clock", "rows_of"]


class Cell(NamedTuple):
    """What a cell shows, and what it is sorted by."""

    text: str
    key: float | str
    tone: str = ""
    """A colour of the theme; empty: as everything."""


class Row(NamedTuple):
    """One row; `id` stays the same while it changes."""

    id: str
    cells: tuple[Cell, ...]


class Panel(NamedTuple):
    """One list. Names of columns are `column.NAME` of the words; the first letters name the panel in `panel.NAME`."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[Board, Words, float], Iterable[Row]]
    sorted_by: int
    """Column by which it is sorted at first."""
    falling: bool = False


def rows_of(
    panel: Panel, board: Board, words: Words, now: float, *, by: int, falling: bool, search: str
) -> list[Row]:
    """Return a panel's rows, sorted by a column, with only those in which every word of `search` stands."""
    wanted = search.casefold().split()
    found = [
        row
        for row in panel.rows(board, words, now)
        if all(word in " ".join(cell.text for cell in row.cells).casefold() for word in wanted)
    ]
    once = {row.id: row for row in found}.values()  # a table that is given a row twice gives up
    return sorted(once, key=lambda row: _order(row.cells[by].key), reverse=falling)


def clock(seconds: float) -> str:
    """Hour, minute and second of a moment, here."""
    return dt.datetime.fromtimestamp(seconds).astimezone().strftime("%H:%M:%S")


def _order(key: float | str) -> tuple[int, float, str]:
    return (1, 0.0, key.casefold()) if isinstance(key, str) else (0, key, "")


def _text(text: str, tone: str = "") -> Cell:
    return Cell(text, text, tone)


def _count(value: float) -> Cell:
    return Cell(amount(value) if value else "·", value, "" if value else "soft")


# ── The panels ───────────────────────────────────────────────────────────────────────────────────────────────
def _taverns(board: Board, words: Words, _: float) -> Iterable[Row]:
    for each in board.taverns.values():
        figures = board.figures_of(each)
        yield Row(
            each.tavern_id,
            (
                _text(each.name),
                _tavern_state(each, figures, words),
                _text(each.character or "–", "" if each.character else "soft"),
                _count(figures.running),
                _count(figures.queued),
                _count(figures.tokens),
                _text(each.backend or words("top.noModel"), "soft" if each.backend else "warning"),
            ),
        )


def _tavern_state(tavern: TavernInfo, figures: TavernFigures, words: Words) -> Cell:
    if not tavern.online:
        return Cell(f"○ {words('tavern.away')}", 2, "warning")
    if tavern.generating or figures.running:
        return Cell(f"▶ {words('tavern.writing')}", 0, "primary")
    return Cell(f"● {words('tavern.online')}", 1, "success")


_STATES = {"running": 0, "queued": 1, "failed": 2, "cancelled": 3, "done": 4}
_TONES = {
    "running": "primary",
    "queued": "warning",
    "failed": "error",
    "cancelled": "soft",
    "done": "success",
}


def _requests(board: Board, words: Words, now: float) -> Iterable[Row]:
    for each in board.requests.values():
        tavern = board.taverns.get(each.tavern or "")
        place = f" {each.position}" if each.state == "queued" and each.position else ""
        order = _STATES[each.state] * 1_000.0 + (each.position or 0)
        yield Row(
            each.request_id,
            (
                Cell(f"{words(f'state.{each.state}')}{place}", order, _TONES[each.state]),
                _text(each.type),
                _text(tavern.name if tavern else each.tavern or "–"),
                _text(each.asker or each.key or "–"),
                _text(each.character or "–", "" if each.character else "soft"),
                Cell(duration(_took(each, now)), _took(each, now)),
                _text(each.error.message if each.error else "", "error"),
            ),
        )


def _took(request: RequestInfo, now: float) -> float:
    return max(0.0, (request.finished or now) - (request.started or request.asked))


def _rooms(board: Board, _words: Words, _now: float) -> Iterable[Row]:
    for each in board.rooms:
        yield Row(
            each.room_id,
            (
                _text(each.name),
                Cell(f"{each.online}/{each.total}", each.online),
                _count(each.held),
                _text(each.owner or "–", "soft"),
                _text(each.topic),
            ),
        )


def _functions(board: Board, words: Words, _: float) -> Iterable[Row]:
    for each in board.functions.values():
        yield Row(
            each.address,
            (
                _text(each.name),
                _text(each.provider.name or each.provider.id, "" if each.provider.online else "warning"),
                _text(words("yes") if each.tool else "·", "" if each.tool else "soft"),
                _text(" ".join(each.description.split()), "soft"),
            ),
        )


def _apps(board: Board, _words: Words, _now: float) -> Iterable[Row]:
    for each in board.talkers.values():
        if each.peer.kind == "app":
            yield Row(
                each.peer.id,
                (
                    _text(each.peer.name),
                    _count(each.rate),
                    _count(each.received),
                    _count(each.sent),
                    _text(each.peer.id, "soft"),
                ),
            )


def _errors(board: Board, _words: Words, _now: float) -> Iterable[Row]:
    for each in board.errors:
        yield Row(
            f"{each.time} {each.code} {each.who} {each.about} {each.message}",
            (
                Cell(clock(each.time), each.time, "soft"),
                _text(each.code, "error"),
                _count(each.count),
                _text(each.who),
                _text(each.about),
                _text(" ".join(each.message.split())),
            ),
        )


_LEVEL_TONES = {"debug": "soft", "warning": "warning", "error": "error", "critical": "error"}


def _log(board: Board, _words: Words, _now: float) -> Iterable[Row]:
    for each in board.lines:
        facts = " ".join(f"{name}={value}" for name, value in each.facts.items() if name != "exception")
        yield Row(
            str(each.id),
            (
                Cell(clock(each.time), float(each.id), "soft"),
                _text(each.level, _LEVEL_TONES.get(each.level, "")),
                _text(each.text),
                _text(" ".join(facts.split()), "soft"),
            ),
        )


PANELS = (
    Panel("taverns", ("name", "state", "character", "running", "queued", "tokens", "model"), _taverns, 0),
    Panel("requests", ("state", "type", "tavern", "asker", "character", "time", "error"), _requests, 0),
    Panel("rooms", ("name", "members", "held", "owner", "topic"), _rooms, 0),
    Panel("functions", ("name", "provider", "tool", "about"), _functions, 0),
    Panel("apps", ("name", "rate", "received", "sent", "id"), _apps, 1, falling=True),
    Panel("errors", ("when", "code", "count", "who", "what", "message"), _errors, 0, falling=True),
    Panel("log", ("when", "level", "line", "facts"), _log, 0, falling=True),
)
"""In the order of their number keys."""
