"""The ring of log lines: bounded, whichever thread logs, and without a secret in it."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator

import msgspec
import pytest
import structlog

from tavernlink.log_ring import LogRing
from tavernlink.logs import set_up_logs

SECRET = "0123456789abcdef" * 4
KEY = f"tl_app_3k2j5h8x9q0w1e7d_{SECRET}"


@pytest.fixture
def ring() -> Iterator[LogRing]:
    root = logging.getLogger()
    handlers = list(root.handlers)
    ring = LogRing(most=100, most_bytes=50_000)
    ring.attach()
    yield ring
    ring.detach()
    structlog.reset_defaults()
    root.handlers[:] = handlers


@pytest.mark.parametrize("set_up", [True, False])
def test_no_secret_is_kept_whoever_logs_it(ring: LogRing, *, set_up: bool) -> None:
    if set_up:
        set_up_logs("debug", "json", io.StringIO())
        log = structlog.get_logger("tavernlink")
        log.info(
            "key.made", text=KEY, nested={"headers": [("Authorization", f"Bearer {SECRET}")], "token": SECRET}
        )
        log.info(f"GET /ws?token={SECRET}")  # noqa: G004
        try:
            raise ValueError(f"refused {KEY}")
        except ValueError:
            log.exception("failed", password=SECRET)
    other = logging.getLogger("some.library")
    other.warning('"%s %s"', "GET", f"/?token={SECRET}&x=1")
    other.warning({"event": "raw", "key": KEY, "api_key": SECRET})
    try:
        raise ValueError(f"refused {KEY}")
    except ValueError:
        other.exception("failed with %r", KEY)
    kept = msgspec.json.encode(ring.kept()).decode()
    assert SECRET not in kept
    assert "tl_app_3k2j5h8x9q0w1e7d_…" in kept
    assert "ValueError" in kept
    assert len(ring.kept()) == (6 if set_up else 3)


def test_a_line_has_its_level_logger_text_and_facts(ring: LogRing) -> None:
    set_up_logs("info", "human", io.StringIO())
    structlog.get_logger("tavernlink").warning("message.refused", peer="a-1", n=3)
    logging.getLogger("uvicorn").error("Something %s", "odd")
    ours, theirs = ring.kept()
    assert (ours.level, ours.logger, ours.text, ours.facts) == (
        "warning",
        "tavernlink",
        "message.refused",
        {"peer": "a-1", "n": 3},
    )
    assert (theirs.level, theirs.logger, theirs.text, theirs.facts) == (
        "error",
        "uvicorn",
        "Something odd",
        {},
    )
    assert theirs.id == ours.id + 1
    assert theirs.time >= ours.time > 1_700_000_000
    assert ring.threshold() == "info"


def test_it_is_bounded_by_count_and_by_size(ring: LogRing) -> None:
    log = logging.getLogger("tavernlink")
    for number in range(250):
        log.warning("line %s", number)
    assert [line.text for line in ring.kept()] == [f"line {number}" for number in range(150, 250)]
    assert ring.forgotten == 150
    log.warning("x" * 100_000)
    assert len(ring.kept()[-1].text) == 4_000
    for _ in range(30):
        log.warning("long", extra=None)
        log.warning({"event": "long", "what": ["y" * 3_000]})
    assert len(json.dumps(msgspec.to_builtins(ring.kept()))) < 70_000
    assert len(ring.kept()) < 100


def test_lines_that_went_before_anybody_asked_are_counted(ring: LogRing) -> None:
    log = logging.getLogger("tavernlink")
    for number in range(130):
        log.warning("line %s", number)
    lines, lost = ring.after(10)
    assert (len(lines), lost) == (100, 20)
    assert ring.after(ring.last) == ([], 0)


def test_any_thread_may_log(ring: LogRing) -> None:
    def chatter() -> None:
        for number in range(200):
            logging.getLogger("tavernlink.store").warning("line %s", number)

    threads = [threading.Thread(target=chatter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ring.last == 800
    assert [line.id for line in ring.kept()] == list(range(701, 801))


def test_a_record_that_cannot_be_shown_breaks_nobody(ring: LogRing) -> None:
    ring.handle(logging.LogRecord("tavernlink", logging.WARNING, "x", 1, "%d apples", ("many",), None))
    (line,) = ring.kept()
    assert line.text == "a line that cannot be shown"


def test_a_line_that_could_not_be_sent_takes_no_page_with_it(ring: LogRing) -> None:
    log = logging.getLogger("tavernlink")
    log.warning({"event": "file.odd \udcff", "path": "/tmp/\udcff", "all": ["\udcff"], "by \udcff": 1})
    (odd,) = ring.kept()
    assert msgspec.json.decode(msgspec.json.encode(odd))["facts"] == {
        "path": "/tmp/?",
        "all": ["?"],
        "by ?": 1,
    }
    assert odd.text == "file.odd ?"
