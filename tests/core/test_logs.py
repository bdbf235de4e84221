"""The hub's log for admins: what is found in it, who is told of new lines, and that telling makes no more of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tavernlink.core.hub import Hub
from tavernlink.core.limits import HubLimits
from tavernlink.core.logs import MOST_TOLD
from tavernlink.errors import AuthError
from tavernlink.log_ring import LogRing
from tavernlink.protocol.event import Event
from tests.core.stage import Actor, Line, Stage

_log = logging.getLogger("tavernlink.testing")


class LoggedStage(Stage):
    """A stage whose hub reads a ring of this process's log."""

    def __init__(self, ring: LogRing) -> None:
        self.ring = ring
        super().__init__()

    def _start(self) -> Hub:
        return Hub(
            clock=self.clock,
            ids=self.ids,
            store=self.store,
            journal=self.record,
            version="0",
            limits=HubLimits(),
            logs=self.ring,
        )

    def admin(self) -> Actor:
        return self.join("app", key=self.key("admin", "boss"), name="console")


@pytest.fixture
def ring() -> Iterator[LogRing]:
    ring = LogRing(most=500)
    before = _log.level
    _log.setLevel(logging.DEBUG)
    ring.attach()
    yield ring
    ring.detach()
    _log.setLevel(before)


def texts(lines: list[dict[str, Any]]) -> list[str]:
    return [line["text"] for line in lines]


def test_lines_are_found_by_level_words_logger_and_page_oldest_first(ring: LogRing) -> None:
    stage = LoggedStage(ring)
    admin = stage.admin()
    for number in range(5):
        _log.info("step %s", number)
    _log.warning("Odd thing about Bob")
    logging.getLogger("other.library").error("Broken")
    page = admin.say("log.list", logger="tavernlink.testing", limit=2)
    assert (texts(page["lines"]), page["more"], page["forgotten"]) == (
        ["step 4", "Odd thing about Bob"],
        True,
        0,
    )
    assert page["level"] == "warning"  # of the hub's own loggers, nobody set one up here
    older = admin.say("log.list", logger="tavernlink.testing", before=page["lines"][0]["id"])
    assert (texts(older["lines"]), older["more"]) == ([f"step {number}" for number in range(4)], False)
    assert texts(admin.say("log.list", level="warning")["lines"]) == ["Odd thing about Bob", "Broken"]
    assert texts(admin.say("log.list", contains="BOB")["lines"]) == ["Odd thing about Bob"]
    assert admin.say("log.list", since=9e9)["lines"] == []


def test_only_admins_read_it_and_are_told(ring: LogRing) -> None:
    stage = LoggedStage(ring)
    app = stage.join("app")
    with pytest.raises(AuthError):
        app.say("log.list")
    app.say("subscribe", types=["*", "log.*"])
    limited = stage.join("app", key=stage.hub.keyring.create("admin", "k", taverns=["Home"])[0])
    limited.say("subscribe", types=["log.*"])
    _log.warning("secret of the house")
    stage.wait(1)
    assert app.line.of("log.lines") == []
    assert len(limited.line.of("log.lines")) == 1  # the log is the hub's, not a tavern's


def test_a_listener_is_told_what_it_asked_for_by_level_and_logger(ring: LogRing) -> None:
    stage = LoggedStage(ring)
    admin, other = stage.admin(), stage.join("app", key=stage.key("admin", "b"), name="b")
    admin.say("subscribe", types=["log.warning.*", "log.error.*"])
    other.say("subscribe", types=["log.*.tavernlink.testing"])
    _log.debug("low")
    _log.warning("middle")
    logging.getLogger("other.library").error("high")
    stage.wait(1)
    (told,) = admin.line.of("log.lines")
    assert (texts(told["lines"]), told["missed"]) == (["middle", "high"], 0)
    (told,) = other.line.of("log.lines")
    assert texts(told["lines"]) == ["low", "middle"]
    stage.wait(1)
    assert len(admin.line.of("log.lines")) == 1


def test_what_is_too_much_is_left_out_and_counted(ring: LogRing) -> None:
    stage = LoggedStage(ring)
    admin = stage.admin()
    admin.say("subscribe", types=["log.*"])
    for number in range(700):
        _log.info("line %s", number)
    stage.wait(1)
    (told,) = admin.line.of("log.lines")
    assert texts(told["lines"]) == [f"line {number}" for number in range(700 - MOST_TOLD, 700)]
    assert told["missed"] == 700 - MOST_TOLD
    assert admin.say("log.list", limit=1_000)["forgotten"] == 200


class ChattyLine(Line):
    """A line that logs what it sends, as a door at the level `debug` might."""

    def send(self, event: Event) -> None:
        super().send(event)
        _log.debug("sent %s", event.type)


def test_telling_lines_makes_no_lines_to_tell(ring: LogRing) -> None:
    stage = LoggedStage(ring)
    admin = stage.admin()
    admin.peer.session.link = ChattyLine()
    admin.say("subscribe", types=["log.*"])
    _log.warning("once")
    for _ in range(5):
        stage.wait(1)
    line = admin.peer.session.link
    assert isinstance(line, ChattyLine)
    assert [texts(told["lines"]) for told in line.of("log.lines")] == [["once"]]
    assert texts(admin.say("log.list")["lines"]) == ["once", "sent log.lines"]  # kept all the same
