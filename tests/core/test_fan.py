"""Fans: many sessions that get the same events are to end up as if each had been given every event on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from tavernlink.core.peers.session import Bounds, Session
from tavernlink.core.relay.fan import Fan
from tavernlink.core.seams import Link
from tavernlink.protocol.event import Event
from tavernlink.protocol.streams import StreamDelta
from tests.core.stage import Line

_BOUNDS = Bounds(kept=6, kept_bytes=400, soft=4, hard=12, hard_bytes=2_000)


class Carriage:
    """A carrier that counts what it wrote."""

    def __init__(self) -> None:
        self.written = 0

    def spread(self, links: Sequence[Link]) -> Callable[[Event], None]:
        def send(event: Event) -> None:
            for link in links:
                self.written += 1
                link.send(event)

        return send


class CarriedLine(Line):
    """A line that a carrier carries."""

    def __init__(self, carrier: Carriage) -> None:
        super().__init__()
        self.carrier = carrier


def _delta(seq: int, text: str = "a", stream_id: str = "s") -> Event:
    return Event("stream.delta", StreamDelta(stream_id=stream_id, seq=seq, text=text))


def _open(number: int, line: Line) -> Session:
    session = Session(f"s{number}", _BOUNDS)
    session.link = line
    return session


def test_lines_that_one_carrier_carries_are_written_together_and_the_others_one_by_one() -> None:
    carrier = Carriage()
    lines = [CarriedLine(carrier), CarriedLine(carrier), Line()]
    sessions = [_open(number, line) for number, line in enumerate(lines)]
    fan = Fan(sessions)
    event = _delta(1)
    fan.deliver(event)
    assert carrier.written == 2
    assert [line.events for line in lines] == [[event]] * 3
    assert [session.sent for session in sessions] == [1, 1, 1]


def test_a_blocked_line_is_passed_over_and_gets_its_events_when_it_is_free() -> None:
    carrier = Carriage()
    line = CarriedLine(carrier)
    session = _open(0, line)
    fan = Fan([session, _open(1, CarriedLine(carrier))])
    fan.deliver(_delta(1))
    session.blocked = True
    fan.deliver(_delta(2))
    assert len(line.events) == 1
    session.blocked = False
    session.flush()
    fan.deliver(_delta(3))
    assert [each["seq"] for each in line.of("stream.delta")] == [1, 2, 3]


def test_a_line_that_came_back_gets_what_it_missed_and_then_the_rest() -> None:
    carrier = Carriage()
    session = _open(0, CarriedLine(carrier))
    fan = Fan([session])
    fan.deliver(_delta(1))
    session.detach(0.0)
    fan.deliver(_delta(2))
    line = CarriedLine(carrier)
    session.attach(line, 1)
    session.flush()
    fan.deliver(_delta(3))
    assert [each["seq"] for each in line.of("stream.delta")] == [2, 3]


def test_a_line_that_fills_up_while_the_event_goes_out_is_passed_over_from_the_next_on() -> None:
    carrier = Carriage()

    class Filling(CarriedLine):
        def send(self, event: Event) -> None:
            super().send(event)
            session.blocked = True

    line = Filling(carrier)
    session = _open(0, line)
    fan = Fan([session, _open(1, CarriedLine(carrier))])
    fan.deliver(_delta(1))
    fan.deliver(_delta(2))
    assert len(line.events) == 1
    assert session.waiting == 1


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("fan"), st.integers(0, 1), st.integers(1, 80)),
        st.tuples(st.just("one"), st.integers(0, 3), st.integers(1, 80)),
        st.tuples(
            st.sampled_from(["block", "free", "drop", "back", "confirm"]), st.integers(0, 3), st.just(0)
        ),
    ),
    max_size=60,
)


class _Side:
    """Four sessions; two overlapping groups of them get events, through fans or one by one."""

    def __init__(self, *, fans: bool) -> None:
        carriers = [Carriage(), Carriage()]
        self.lines: list[Line] = [CarriedLine(carriers[number % 2]) for number in range(3)] + [Line()]
        self.sessions = [_open(number, line) for number, line in enumerate(self.lines)]
        self.groups = [self.sessions[:3], self.sessions[1:]]
        self.fans = [Fan(group) for group in self.groups] if fans else None
        self.history: list[list[str]] = []

    def take(self, step: str, number: int, event: Event) -> None:
        if step == "fan" and self.fans is not None:
            self.fans[number].deliver(event)
        elif step == "fan":
            for session in self.groups[number]:
                session.deliver(event)
        else:
            self._move(step, self.sessions[number], number, event)
        self.history.append(
            [repr(line.events) for line in self.lines]
            + [f"{s.base} {s.sent} {s.waiting} {s.total} {s.size} {s.lost}" for s in self.sessions]
        )

    def _move(self, step: str, session: Session, number: int, event: Event) -> None:
        if step == "one":
            session.deliver(event)
        elif step == "block":
            session.blocked = session.link is not None
        elif step == "free":
            session.blocked = False
            session.flush()
        elif step == "drop":
            session.detach(0.0)
        elif step == "confirm":
            session.confirm((session.base + session.sent + 1) // 2)
        elif step == "back" and not session.lost:
            line = self.lines[number]
            session.attach(line, (session.base + session.total) // 2)
            session.flush()


@settings(deadline=None)
@given(_STEPS)
def test_it_is_as_if_each_session_was_given_each_event(steps: list[tuple[str, int, int]]) -> None:
    together, apart = _Side(fans=True), _Side(fans=False)
    for seq, (step, number, size) in enumerate(steps, 1):
        event = _delta(seq, "x" * size, f"s{number}")
        together.take(step, number, event)
        apart.take(step, number, event)
        assert together.history[-1] == apart.history[-1]
    for session in together.sessions:
        assert session.size == sum(event.size for event in session.buffer)
