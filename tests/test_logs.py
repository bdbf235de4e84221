"""Logs are readable to whoever reads them, and hold no secret wherever it comes from."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
import structlog
from uvicorn.config import LOGGING_CONFIG

from tavernlink.logs import redact, set_up_logs

SECRET = "0123456789abcdef" * 4
KEY = f"tl_app_3k2j5h8x9q0w1e7d_{SECRET}"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers = list(root.handlers)
    yield io.StringIO()
    structlog.reset_defaults()
    root.handlers[:] = handlers


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_lines_carry_the_facts_of_both_loggers(stream: io.StringIO) -> None:
    logging.config.dictConfig(LOGGING_CONFIG)  # as uvicorn does where nobody tells it otherwise
    set_up_logs("info", "auto", stream)
    structlog.get_logger("tavernlink").info("hub.started", url="http://x", port=1)
    logging.getLogger("uvicorn").warning("Something %s", "odd")
    logging.getLogger("uvicorn").info("Not shown")
    ours, theirs = lines(stream)
    assert {
        "event": "hub.started",
        "level": "info",
        "logger": "tavernlink",
        "port": 1,
    }.items() <= ours.items()
    assert {"event": "Something odd", "level": "warning", "logger": "uvicorn"}.items() <= theirs.items()
    assert str(ours["timestamp"]).endswith("Z")


def test_a_person_gets_one_plain_line(stream: io.StringIO) -> None:
    set_up_logs("info", "human", stream)
    structlog.get_logger("tavernlink").info("peer.connected", name="Bot")
    [line] = stream.getvalue().splitlines()
    assert "peer.connected" in line
    assert "name=Bot" in line
    assert "\x1b" not in line


def test_a_terminal_obeys_no_name_that_somebody_gave_itself(stream: io.StringIO) -> None:
    set_up_logs("info", "human", stream)
    structlog.get_logger("tavernlink").info("peer.connected", name="\x1b]52;c;ZXZpbA==\x07Bot")
    logging.getLogger("uvicorn.error").error("Bad request: %s", "\x1b[2J")
    assert "\x1b" not in stream.getvalue()
    assert "\x07" not in stream.getvalue()
    assert "Bot" in stream.getvalue()


@pytest.mark.parametrize("format_", ["human", "json"])
def test_no_secret_reaches_a_log(stream: io.StringIO, format_: str) -> None:
    set_up_logs("debug", format_, stream)  # type: ignore[arg-type]  # one of the three words
    log = structlog.get_logger("tavernlink")
    log.info(
        "key.made", text=KEY, nested={"headers": [("Authorization", f"Bearer {SECRET}")], "token": SECRET}
    )
    log.info(f"GET /ws?token={SECRET}&x=1 with Authorization: Bearer {KEY}")  # noqa: G004
    log.warning("positional %s", KEY)
    log.info("headers", headers={"authorization": f"Bearer {SECRET}", "Cookie": SECRET, "x-api-key": SECRET})
    log.info("url", url=f"https://me:{SECRET}@host/path", model=f"sk-{SECRET}", raw=KEY.encode())
    logging.getLogger("some.library").info('"%s %s"', "GET", f"/?token={SECRET}")
    try:
        raise ValueError(f"refused {KEY}")
    except ValueError:
        log.exception("failed", password=SECRET)
        logging.getLogger("other").exception("failed with %r", {"key_text": KEY})
    written = stream.getvalue()
    assert SECRET not in written
    assert "tl_app_3k2j5h8x9q0w1e7d_…" in written, "a line still tells whose key it was"
    assert "ValueError" in written
    if format_ == "json":
        assert len(lines(stream)) == 8


def test_ordinary_words_stay_as_they_are() -> None:
    text = "tl_dr the key of http://127.0.0.1:8001/ws?limit=5 says: authorized, bearer of news, task-force"
    assert redact(text) == text


def test_setting_up_again_replaces_what_was_there(stream: io.StringIO) -> None:
    set_up_logs("info", "json", stream)
    other = io.StringIO()
    set_up_logs("info", "json", other)
    structlog.get_logger("tavernlink").info("once")
    assert stream.getvalue() == ""
    assert len(lines(other)) == 1
