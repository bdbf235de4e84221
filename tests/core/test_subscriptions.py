"""Who wants what, with many who want something: an answer looks at those whom it concerns."""

from __future__ import annotations

from tavernlink.core.peers.session import Bounds, Session
from tavernlink.core.peers.subscriptions import Subscriptions, in_room


class Asked:
    """Lets everybody hear everything, and counts how often it was asked."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, session: Session, tavern: str, topic: str) -> bool:
        self.count += 1
        return True


def made(count: int) -> list[Session]:
    return [Session(f"s{number}", Bounds()) for number in range(count)]


def test_a_taverns_event_looks_at_those_only_who_want_something_of_it() -> None:
    asked = Asked()
    subscriptions = Subscriptions(asked)
    sessions = made(2_000)
    for number, session in enumerate(sessions):
        subscriptions.add(session, f"t{number % 100}", ["stream.*", "event.*"])
    assert subscriptions.route("t7", "stream.delta") == tuple(sessions[7::100])
    assert asked.count == 20


def test_what_a_tavern_is_to_send_is_found_by_glob_and_not_by_app() -> None:
    asked = Asked()
    subscriptions = Subscriptions(asked)
    for session in made(2_000):
        subscriptions.add(session, "*", ["event.message_sent", "event.chat_*", "stream.*"])
    assert subscriptions.wanted_events("t1") == ["chat_*", "message_sent"]
    assert asked.count == 2


def test_receivers_keep_the_order_in_which_they_came() -> None:
    subscriptions = Subscriptions(Asked())
    sessions = made(4)
    subscriptions.place("t1", ["r1"])
    for session, place in zip(sessions, ("*", in_room("r1"), "t1", "*"), strict=True):
        subscriptions.add(session, place, ["chat.*"])
    assert subscriptions.route("t1", "chat.changed") == tuple(sessions)


def test_what_is_taken_back_is_forgotten_wherever_it_was_kept() -> None:
    subscriptions = Subscriptions(Asked())
    one, two = made(2)
    for session in (one, two):
        subscriptions.add(session, "*", ["event.*", "stream.*"])
    subscriptions.remove(one, "*", ["event.*"])
    assert subscriptions.wanted_events("t1") == ["*"]
    assert subscriptions.route("t1", "stream.delta") == (one, two)
    subscriptions.drop(two)
    assert subscriptions.wanted_events("t1") == []
    assert subscriptions.route("t1", "stream.delta") == (one,)
    subscriptions.remove(one, "*", [])
    assert subscriptions.route("t1", "stream.delta") == ()
    assert subscriptions.count(one) == 0


def test_what_comes_every_second_is_for_those_who_name_it() -> None:
    subscriptions = Subscriptions(Asked())
    every, named = made(2)
    subscriptions.add(every, "*", ["*", "s*", "stat*"])
    subscriptions.add(named, "*", ["stats.*"])
    assert subscriptions.route("*", "stats.changed") == (named,)
