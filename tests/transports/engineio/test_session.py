"""The Engine.IO session without any I/O: a clock turned by hand, carriers that remember."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

import pytest

from tavernlink.transports.engineio.packet import InvalidPacket, message
from tavernlink.transports.engineio.session import Session
from tavernlink.transports.engineio.settings import Settings
from tavernlink.transports.engineio.state import State
from tavernlink.transports.frame import Frame


class HandTimer:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class HandClock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 100.0
        self._order = itertools.count()
        self._timers: list[tuple[float, int, HandTimer, Callable[[], object]]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], object], /) -> HandTimer:
        timer = HandTimer()
        heapq.heappush(self._timers, (when, next(self._order), timer, callback))
        return timer

    def call_soon(self, callback: Callable[[], object], /) -> HandTimer:
        return self.call_at(self.now, callback)

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self._timers and self._timers[0][0] <= end:
            when, _, timer, callback = heapq.heappop(self._timers)
            self.now = max(self.now, when)
            if not timer.cancelled:
                callback()
        self.now = end

    def pending(self) -> int:
        return sum(not timer.cancelled for _, _, timer, _ in self._timers)


class Channel:
    def __init__(self) -> None:
        self.paused = False
        self.written: list[bytes] = []
        self.closed: tuple[int, str] | None = None

    def write(self, frame: Frame) -> None:
        self.written.append(frame.text)

    def write_buffer_size(self) -> int:
        return 7

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed = (code, reason)


class Poll:
    def __init__(self) -> None:
        self.answers: list[bytes] = []

    def answer(self, payload: bytes) -> None:
        self.answers.append(payload)


class App:
    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.calls: list[str] = []
        self.closed: list[str] = []
        self.refuses = False

    def receive_message(self, data: bytes) -> None:
        if self.refuses:
            raise InvalidPacket("no")
        self.heard.append(data)

    def receive_binary(self, data: bytes) -> None:
        self.receive_message(b"binary:" + data)

    def blocked(self) -> None:
        self.calls.append("blocked")

    def writable(self) -> None:
        self.calls.append("writable")

    def session_closed(self, reason: str) -> None:
        self.closed.append(reason)


class Owner:
    def __init__(self) -> None:
        self.accepted = 0
        self.ended = 0

    def session_accepted(self, session: Session) -> None:
        self.accepted += 1

    def session_ended(self, session: Session) -> None:
        self.ended += 1


class Scene:
    """One session and everything around it."""

    def __init__(self, **numbers: float) -> None:
        self.clock = HandClock()
        self.owner = Owner()
        self.app = App()
        settings = {"ping_interval": 25.0, "ping_timeout": 20.0, **numbers}
        self.session = Session("sid", Settings(**settings), self.clock, self.owner)  # type: ignore[arg-type]
        self.session.application = self.app

    def poll(self) -> Poll:
        poll = Poll()
        assert self.session.receive_poll(poll)
        return poll

    def upgrade(self) -> Channel:
        channel = Channel()
        assert self.session.begin_upgrade()
        self.session.probed()
        self.session.complete_upgrade(channel)
        return channel


def test_an_answer_carries_no_more_packets_than_stock_clients_take() -> None:
    scene = Scene()
    for number in range(40):
        scene.session.send(message(b"%d" % number, (b"attached",) if number == 3 else ()))
    answers = [scene.poll().answers[0].split(b"\x1e") for _ in range(3)]
    assert [len(packets) for packets in answers] == [16, 16, 9]
    texts = [packet for packets in answers for packet in packets if packet.startswith(b"4")]
    assert texts == [b"4%d" % number for number in range(40)]
    assert scene.session.write_buffer_size() == 0


def test_a_session_that_closes_with_much_to_say_says_it_all() -> None:
    scene = Scene()
    first = scene.poll()
    for _ in range(20):
        scene.session.send(message(b"a"))
    scene.session.close()
    second = scene.poll()
    packets = first.answers[0].split(b"\x1e") + second.answers[0].split(b"\x1e")
    assert packets == [b"4a"] * 20 + [b"1"]
    assert scene.session.state is State.CLOSED


def test_a_waiting_poll_gets_what_one_turn_sent_in_one_answer() -> None:
    scene = Scene()
    poll = scene.poll()
    scene.session.send(message(b"a"))
    scene.session.send(message(b"b"))
    assert poll.answers == []
    scene.clock.wait(0)
    assert poll.answers == [b"4a\x1e4b"]


def test_a_poll_after_the_messages_gets_them_at_once() -> None:
    scene = Scene()
    scene.session.send(message(b"a", (b"\x01",)))
    assert scene.poll().answers == [b"4a\x1ebAQ=="]


def test_a_second_poll_closes_the_session() -> None:
    scene = Scene()
    first = scene.poll()
    assert not scene.session.receive_poll(Poll())
    assert first.answers == [b"1"]
    assert scene.app.closed == ["transport error"]
    assert not scene.session.receive_poll(Poll())


def test_a_poll_whose_connection_breaks_closes_the_session() -> None:
    scene = Scene()
    poll = scene.poll()
    scene.session.abandon_poll(poll)
    assert scene.app.closed == ["transport error"]
    assert scene.owner.ended == 1


def test_a_post_delivers_its_packets_in_order() -> None:
    scene = Scene()
    assert scene.session.receive_post(b"4a\x1ebAQ==\x1e4b")
    assert scene.app.heard == [b"a", b"binary:\x01", b"b"]


@pytest.mark.parametrize("body", [b"abc", b"", b"0{}", b"2"])
def test_an_invalid_post_closes_the_session(body: bytes) -> None:
    scene = Scene()
    assert not scene.session.receive_post(body)
    assert scene.app.closed == ["parse error"]
    assert not scene.session.receive_poll(Poll())


def test_what_the_application_refuses_closes_the_session() -> None:
    scene = Scene()
    scene.app.refuses = True
    poll = scene.poll()
    assert not scene.session.receive_post(b"4a")
    assert poll.answers == [b"1"]
    assert scene.app.closed == ["parse error"]


def test_packets_after_a_close_packet_are_not_delivered() -> None:
    scene = Scene()
    poll = scene.poll()
    assert scene.session.receive_post(b"4a\x1e1\x1e4b")
    assert scene.app.heard == [b"a"]
    assert poll.answers == [b"6"]
    assert scene.app.closed == ["transport close"]


def test_the_ping_comes_after_the_interval_and_the_pong_starts_the_next() -> None:
    scene = Scene()
    poll = scene.poll()
    scene.clock.wait(24.9)
    assert poll.answers == []
    scene.clock.wait(0.1)
    assert poll.answers == [b"2"]
    scene.clock.wait(19)
    assert scene.session.receive_post(b"3")
    poll = scene.poll()
    scene.clock.wait(24.9)
    assert poll.answers == []
    scene.clock.wait(0.2)
    assert poll.answers == [b"2"]


def test_a_missing_pong_closes_the_session() -> None:
    scene = Scene()
    scene.clock.wait(45)
    assert scene.app.closed == ["ping timeout"]
    assert not scene.session.receive_poll(Poll())


def test_a_poll_at_the_very_deadline_is_refused_even_if_the_timer_is_late() -> None:
    scene = Scene()
    scene.clock.now += 45
    assert not scene.session.receive_poll(Poll())
    assert scene.app.closed == ["ping timeout"]


def test_a_pong_out_of_turn_changes_nothing() -> None:
    scene = Scene()
    assert scene.session.receive_post(b"3")
    poll = scene.poll()
    scene.clock.wait(25)
    assert poll.answers == [b"2"]


def test_an_upgrade_ends_the_waiting_poll_and_moves_the_queue_over() -> None:
    scene = Scene()
    poll = scene.poll()
    assert scene.session.begin_upgrade()
    scene.session.probed()
    assert poll.answers == [b"6"]
    scene.session.send(message(b"a"))
    channel = Channel()
    scene.session.complete_upgrade(channel)
    scene.session.send(message(b"b"))
    assert channel.written == [b"4a", b"4b"]
    assert not scene.session.receive_poll(Poll())
    assert not scene.session.receive_post(b"4x")
    assert scene.app.closed == []


def test_a_poll_while_a_websocket_knocks_ends_at_once() -> None:
    scene = Scene()
    assert scene.session.begin_upgrade()
    assert scene.poll().answers == [b"6"]


def test_only_one_websocket_may_knock() -> None:
    scene = Scene()
    assert scene.session.begin_upgrade()
    assert not scene.session.begin_upgrade()


def test_an_upgraded_session_cannot_be_upgraded_again() -> None:
    scene = Scene()
    scene.upgrade()
    assert not scene.session.begin_upgrade()


def test_polling_goes_on_when_the_websocket_goes_away() -> None:
    scene = Scene()
    assert scene.session.begin_upgrade()
    scene.session.abandon_upgrade()
    assert scene.session.state is State.POLLING
    poll = scene.poll()
    scene.session.send(message(b"a"))
    scene.clock.wait(0)
    assert poll.answers == [b"4a"]


def test_the_heartbeat_goes_on_over_the_websocket() -> None:
    scene = Scene()
    channel = scene.upgrade()
    scene.clock.wait(25)
    assert channel.written == [b"2"]
    scene.session.receive_text(b"3")
    scene.clock.wait(25)
    assert channel.written == [b"2", b"2"]
    scene.clock.wait(20)
    assert scene.app.closed == ["ping timeout"]
    assert channel.closed is not None


@pytest.mark.parametrize("packet", [b"", b"abc", b"0", b"2", b"9"])
def test_an_invalid_websocket_packet_closes_the_session(packet: bytes) -> None:
    scene = Scene()
    channel = scene.upgrade()
    scene.session.receive_text(packet)
    assert channel.closed == (1002, "parse error")
    assert scene.app.closed == ["parse error"]


def test_a_websocket_message_reaches_the_application() -> None:
    scene = Scene()
    scene.upgrade()
    scene.session.receive_text(b"4hello")
    scene.session.receive_binary(b"\x01")
    scene.session.receive_text(b"6")
    assert scene.app.heard == [b"hello", b"binary:\x01"]


def test_a_lost_websocket_closes_the_session_once() -> None:
    scene = Scene()
    scene.upgrade()
    scene.session.connection_lost(1006, "")
    scene.session.connection_lost(1006, "")
    scene.session.send(message(b"a"))
    assert scene.app.closed == ["transport close"]
    assert scene.owner.ended == 1
    assert scene.clock.pending() == 0


def test_a_close_packet_ends_the_websocket() -> None:
    scene = Scene()
    channel = scene.upgrade()
    scene.session.receive_text(b"1")
    assert channel.closed == (1000, "")
    assert scene.app.closed == ["transport close"]


def test_closing_delivers_what_is_queued_to_the_next_poll() -> None:
    scene = Scene()
    scene.session.send(message(b"bye"))
    scene.session.close()
    assert scene.app.closed == ["forced close"]
    assert scene.owner.ended == 0
    assert scene.poll().answers == [b"4bye\x1e1"]
    assert scene.owner.ended == 1
    assert not scene.session.receive_poll(Poll())


def test_a_closed_session_that_nobody_polls_is_forgotten() -> None:
    scene = Scene()
    scene.session.close()
    assert not scene.session.receive_post(b"4x")
    scene.clock.wait(20)
    assert scene.owner.ended == 1
    assert scene.clock.pending() == 0


def test_a_polling_client_that_takes_nothing_is_blocked_then_closed() -> None:
    scene = Scene(polling_high_water=10, max_polling_buffer=20)
    scene.session.send(message(b"123456789"))
    assert scene.app.calls == ["blocked"]
    assert scene.session.paused
    assert scene.session.write_buffer_size() == 10
    scene.session.send(message(b"123456789"))
    assert scene.app.closed == []
    scene.session.send(message(b"1"))
    assert scene.app.closed == ["slow consumer"]


def test_a_blocked_polling_client_becomes_writable_by_taking() -> None:
    scene = Scene(polling_high_water=10)
    scene.session.send(message(b"123456789"))
    scene.poll()
    assert scene.app.calls == ["blocked", "writable"]
    assert not scene.session.paused


def test_on_a_websocket_the_connection_says_how_full_it_is() -> None:
    scene = Scene()
    channel = scene.upgrade()
    channel.paused = True
    assert scene.session.paused
    assert scene.session.write_buffer_size() == 7
    scene.session.blocked()
    scene.session.writable()
    assert scene.app.calls == ["blocked", "writable"]


def test_the_owner_hears_once_that_a_client_was_accepted() -> None:
    scene = Scene()
    scene.session.accept()
    scene.session.accept()
    assert scene.owner.accepted == 1


def test_an_impossible_change_of_state_raises() -> None:
    scene = Scene()
    with pytest.raises(RuntimeError, match="POLLING to WEBSOCKET"):
        scene.session.complete_upgrade(Channel())
