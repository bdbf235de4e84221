"""Figures in few letters, small charts, rows: no screen."""

from __future__ import annotations

import msgspec
import pytest
from rich.cells import cell_len

from tavernlink.protocol.logs import LogLine, LogLines
from tavernlink.protocol.requests import RequestChanged, RequestInfo
from tavernlink.protocol.stats import (
    Delivery,
    Stats,
    StatsChanged,
    StatsError,
    TrafficEdge,
    TrafficFlowed,
    TrafficPeer,
)
from tavernlink.protocol.taverns import TavernChanged, TavernInfo
from tavernlink.terminal.language import Words
from tavernlink.terminal.top.board import Board
from tavernlink.terminal.top.figures import amount, draw, duration, size, spark, tiles
from tavernlink.terminal.top.panels import PANELS, rows_of


def stats(**fields: object) -> Stats:
    whole = {"time": 1.0, "uptime": 5.0, "taverns": 1, "apps": 2, "rooms": 0, "queued": 1, "running": 2}
    return Stats(**{**whole, "streams": 1, "tokens": 4.0, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0s"), (9.94, "9.9s"), (42, "42s"), (75, "1m 15s"), (7_260, "2h 1m"), (200_000, "2d 7h")],
)
def test_times(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.25, "0.2"), (12.34, "12.3"), (345.6, "346"), (12_345, "12k")]
)
def test_amounts(value: float, text: str) -> None:
    assert amount(value) == text


def test_sizes() -> None:
    assert [size(each) for each in (84_600_000, 999_400_000, 999_600_000, 1_250_000_000)] == [
        "85 MB",
        "999 MB",
        "1.0 GB",
        "1.2 GB",
    ]


def test_a_chart_shows_the_last_figures_and_its_highest_bar_is_full() -> None:
    assert spark([9, 0, 4, 8], 3) == "▁▄█"
    assert spark([0, 0], 5) == "▁▁"
    assert spark([], 5) == ""


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [12, 17, 30])
def test_tiles_are_as_wide_as_they_may_be_in_cells_not_letters(language: str, width: int) -> None:
    board = Board()
    figures = stats(received=1_234.0, sent=99_999.0, delivery=Delivery(p50=17.54, p99=2_400.0))
    board.receive(StatsChanged(stats=figures))
    found = tiles(board, Words(language))  # type: ignore[arg-type]
    assert len(found) == 4
    for tile in found:
        for line in draw(tile, width, soft="", strong="").plain.split("\n"):
            assert cell_len(line) == width or cell_len(tile.short or tile.value) > width - 2


def test_a_key_that_may_see_less_gets_fewer_tiles() -> None:
    board = Board()
    board.receive(StatsChanged(stats=stats()))
    assert [each.value for each in tiles(board, Words("en"))] == ["4", "2 running, 1 waiting", "–"]


def test_requests_that_are_over_stay_for_a_while_and_running_ones_stand_first() -> None:
    board = Board()
    for number in range(80):
        for state in ("queued", "done"):
            info = RequestInfo(
                request_id=str(number), state=state, type="send", asked=1.0, asker=f"bot {number}"
            )
            board.receive(RequestChanged(request=info))
    open_one = RequestInfo(request_id="open", state="running", type="generate", asked=1.0, asker="机器人")
    board.receive(RequestChanged(request=open_one))
    assert len(board.requests) == 51
    assert [each.request_id for each in board.open_requests] == ["open"]
    panel = PANELS[1]
    rows = rows_of(panel, board, Words("en"), 3.0, by=0, falling=False, search="")
    assert [cell.text for cell in rows[0].cells][:2] == ["runs", "generate"]
    [found] = rows_of(panel, board, Words("en"), 3.0, by=0, falling=False, search="机器 GENER")
    assert found.id == "open"


def test_rows_are_sorted_by_figures_as_figures_and_by_texts_as_texts() -> None:
    board = Board()
    for name, running in (("b", 2), ("A", 10), ("c", 9)):
        info = TavernInfo(tavern_id=name, name=name, online=True, running=running)
        board.receive(TavernChanged(tavern=info))
    words, panel = Words("en"), PANELS[0]
    by_name = rows_of(panel, board, words, 0.0, by=0, falling=False, search="")
    assert [row.id for row in by_name] == ["A", "b", "c"]
    by_running = rows_of(panel, board, words, 0.0, by=3, falling=True, search="")
    assert [row.id for row in by_running] == ["A", "c", "b"]


def test_apps_are_who_talks_through_the_hub() -> None:
    board = Board()
    bot, hub = TrafficPeer(id="a-1", kind="app", name="bot"), TrafficPeer(id="hub", kind="hub", name="hub")
    edges = [
        TrafficEdge(source="a-1", target="hub", count=3, kinds={}),
        TrafficEdge(source="hub", target="a-1", count=2, kinds={}),
    ]
    board.receive(TrafficFlowed(seconds=0.5, edges=edges, peers=[bot, hub]))
    board.receive(StatsChanged(stats=stats()))
    talker = board.talkers["a-1"]
    assert (talker.sent, talker.received, talker.rate) == (3, 2, 5.0)
    board.receive(StatsChanged(stats=stats()))
    assert talker.rate == 0.0
    assert [row.id for row in PANELS[4].rows(board, Words("en"), 0.0)] == ["a-1"]


def line(id_: int, text: str = "peer.connected") -> LogLine:
    return LogLine(id=id_, time=1.0, level="info", logger="tavernlink", text=text)


def test_a_line_that_was_listed_and_is_told_again_stands_there_once() -> None:
    board = Board()
    board.receive(LogLines(lines=[line(4), line(5)]))
    board.receive(LogLines(lines=[line(5), line(6)]))
    assert [each.id for each in board.lines] == [4, 5, 6]


def test_no_row_stands_twice_in_a_table_which_would_give_up() -> None:
    board = Board()
    same = StatsError(time=1.0, code="forbidden", message="No.", who="Bot", about="chat.send")
    board.errors = [same, same, msgspec.structs.replace(same, message="Never.")]
    panel = next(each for each in PANELS if each.name == "errors")
    rows = rows_of(panel, board, Words("en"), 2.0, by=0, falling=True, search="")
    assert [row.cells[-1].text for row in rows] == ["No.", "Never."]


def test_of_apps_that_come_and_go_for_weeks_the_last_thousand_are_known() -> None:
    board = Board()
    for at in range(1_200):
        peer = TrafficPeer(id=f"a-{at}", kind="app", name="Bot")
        steady = TrafficPeer(id="a-steady", kind="app", name="Steady")
        edge = TrafficEdge(source="a-steady", target=peer.id, count=1, kinds={"message": 1})
        board.receive(TrafficFlowed(seconds=0.5, edges=[edge], peers=[steady, peer]))
    assert len(board.talkers) == 1_000
    assert board.talkers["a-steady"].sent == 1_200
    assert "a-0" not in board.talkers
    assert "a-1199" in board.talkers
