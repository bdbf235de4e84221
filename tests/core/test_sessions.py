"""Sessions: counting, replay after a lost line, and what happens when a reader is too slow."""

from __future__ import annotations

import msgspec
import pytest

from tavernlink.core.peers.session import Bounds
from tavernlink.errors import AuthError, BadMessage
from tavernlink.protocol.session import Resume
from tests.core.stage import Actor, Stage


def deltas(tavern: Actor, first: int, last: int) -> None:
    for seq in range(first, last + 1):
        tavern.say("stream.delta", stream_id="s", seq=seq, text=f"{seq} ")


def seqs(app: Actor) -> list[int]:
    return [delta["seq"] for delta in app.line.of("stream.delta")]


def listening(stage: Stage) -> tuple[Actor, Actor]:
    tavern, app = stage.join("tavern"), stage.join("app")
    app.say("subscribe", types=["stream.*"])
    return tavern, app


def test_what_was_missed_while_away_comes_once_and_in_order() -> None:
    stage = Stage()
    tavern, app = listening(stage)
    deltas(tavern, 1, 3)
    app.drop()
    deltas(tavern, 4, 6)
    again = app.back(count=2)  # the third was written but never arrived
    assert again.line.types[0] == "welcome"
    assert again.line.of("welcome")[0]["resumed"] is True
    assert seqs(again) == [3, 4, 5, 6]
    deltas(tavern, 7, 7)
    assert seqs(again) == [3, 4, 5, 6, 7]


def test_a_line_that_is_not_known_to_be_dead_is_taken_over() -> None:
    stage = Stage()
    tavern, app = listening(stage)
    deltas(tavern, 1, 2)
    again = app.back(count=2)
    assert app.line.closed is not None
    app.drop()  # the old line's end is seen late and must change nothing
    deltas(tavern, 3, 3)
    assert seqs(again) == [3]


def test_confirmed_events_are_forgotten_and_cannot_be_asked_for_again() -> None:
    stage = Stage()
    tavern, app = listening(stage)
    deltas(tavern, 1, 4)
    app.say("confirm", count=3)
    assert len(app.peer.session.buffer) == 1
    app.drop()
    again = app.back(count=2)
    assert again.line.types[:2] == ["welcome", "resync"]
    assert again.line.of("welcome")[0]["resumed"] is False


def test_a_count_that_cannot_be_is_answered_with_resync() -> None:
    stage = Stage()
    _, app = listening(stage)
    app.drop()
    assert "resync" in app.back(count=1_000).line.types


def test_a_session_ends_after_its_time_and_takes_its_subscriptions_along() -> None:
    stage = Stage(app_session=60.0)
    _, app = listening(stage)
    app.drop()
    stage.wait(61)
    assert "resync" in app.back(count=0).line.types
    assert stage.hub.subscriptions.count(app.peer.session) == 0


def test_another_key_cannot_resume_a_session() -> None:
    stage = Stage()
    _, app = listening(stage)
    app.drop()
    thief = stage.join(
        "app", key=stage.key("app", "other"), resume=Resume(session=app.peer.session.id, count=0)
    )
    assert thief.line.of("welcome")[0]["resumed"] is False
    assert app.peer.session.link is None


def test_a_tavern_learns_what_arrived_and_is_told_again_on_resume() -> None:
    stage = Stage(confirm_every=3)
    tavern, _ = listening(stage)
    deltas(tavern, 1, 3)
    assert tavern.line.of("confirm") == [{"count": 3}]
    deltas(tavern, 4, 4)
    stage.wait(1)
    assert tavern.line.of("confirm")[-1] == {"count": 4}
    tavern.drop()
    assert tavern.back(count=0).line.of("welcome")[0]["count"] == 4


def test_a_blocked_line_gets_nothing_until_it_is_ready_again() -> None:
    stage = Stage()
    tavern, app = listening(stage)
    stage.hub.link_blocked(app.peer, app.line)
    deltas(tavern, 1, 5)
    assert seqs(app) == []
    stage.hub.link_ready(app.peer, app.line)
    assert seqs(app) == [1, 2, 3, 4, 5]


def test_a_slow_reader_gets_merged_deltas_with_nothing_missing() -> None:
    stage = Stage(bounds=Bounds(soft=3, hard=100))
    tavern, app = listening(stage)
    stage.hub.link_blocked(app.peer, app.line)
    deltas(tavern, 1, 50)
    stage.hub.link_ready(app.peer, app.line)
    got = app.line.of("stream.delta")
    assert "".join(delta["text"] for delta in got) == "".join(f"{seq} " for seq in range(1, 51))
    assert len(got) < 10
    assert got[-1]["seq"] == 50


def test_merging_keeps_streams_channels_and_replaced_text_apart() -> None:
    stage = Stage(bounds=Bounds(soft=3, hard=100))
    tavern, app = listening(stage)
    app.drop()
    deltas(tavern, 1, 2)
    tavern.say("stream.delta", stream_id="s", seq=3, text="thought", channel="reasoning")
    tavern.say("stream.delta", stream_id="other", seq=1, text="o")
    tavern.say("stream.delta", stream_id="s", seq=4, text="anew ", replace=True)
    deltas(tavern, 5, 6)
    got = [
        (d["stream_id"], d["seq"], d["text"], d.get("replace", False))
        for d in app.back(0).line.of("stream.delta")
    ]
    assert got == [
        ("s", 2, "1 2 ", False),
        ("s", 3, "thought", False),
        ("other", 1, "o", False),
        ("s", 6, "anew 5 6 ", True),
    ]


def test_a_long_backlog_stays_a_few_pieces_of_bounded_size() -> None:
    stage = Stage(bounds=Bounds(soft=20, hard=1_000))
    tavern, app = listening(stage)
    app.drop()
    for seq in range(1, 2_001):
        tavern.say("stream.delta", stream_id="s", seq=seq, text="x" * 100)
    session = app.peer.session
    assert len(session.buffer) <= 50
    assert session.size == sum(event.size for event in session.buffer)
    got = app.back(0).line.of("stream.delta")
    assert sum(len(delta["text"]) for delta in got) == 200_000
    assert max(len(delta["text"]) for delta in got) <= 40_000


def test_a_reader_that_is_far_too_slow_is_disconnected_with_the_reason_and_others_notice_nothing() -> None:
    stage = Stage(bounds=Bounds(soft=1_000, hard=20))
    tavern, app = listening(stage)
    other = stage.join("app")
    other.say("subscribe", types=["stream.*"])
    stage.hub.link_blocked(app.peer, app.line)
    deltas(tavern, 1, 30)
    assert app.line.closed is not None
    assert app.line.closed[0] == "slow_consumer"
    assert seqs(other) == list(range(1, 31))
    app.drop()
    assert "resync" in app.back(count=0).line.types


def test_the_memory_of_a_peer_that_is_away_is_bounded() -> None:
    stage = Stage(bounds=Bounds(soft=1_000, hard=50))
    tavern, app = listening(stage)
    app.drop()
    deltas(tavern, 1, 500)
    assert len(app.peer.session.buffer) <= 51
    assert "resync" in app.back(count=0).line.types


def test_the_memory_of_a_peer_that_never_confirms_is_bounded() -> None:
    stage = Stage(bounds=Bounds(kept=10))
    tavern, app = listening(stage)
    deltas(tavern, 1, 500)
    assert len(app.peer.session.buffer) == 10
    assert seqs(app) == list(range(1, 501))


def test_a_second_page_with_the_id_of_a_tavern_takes_over_and_one_with_another_key_is_refused() -> None:
    stage = Stage()
    tavern = stage.join("tavern", id="t")
    second = stage.join("tavern", id="t", key=tavern.peer.key)
    assert tavern.line.closed is not None
    assert stage.hub.directory.taverns["t"].session is second.peer.session
    with pytest.raises(AuthError, match="in use under another key"):
        stage.join("tavern", id="t", key=stage.key("tavern", "other"))


def test_a_revoked_key_closes_its_connections_even_if_a_connect_has_read_the_change_already() -> None:
    stage = Stage()
    app = stage.join("app")
    stage.hub.tick()
    key = app.peer.key
    stage.store.keys.kept[key.id,] = msgspec.structs.replace(key, revoked=1.0)
    stage.store.changes += 1
    stage.key("app", "other")
    stage.hub.keyring.verify(stage.texts["other"])
    stage.hub.tick()
    assert app.line.closed is not None
    assert app.line.closed[0] == "key_revoked"


def test_a_revoked_key_closes_its_connections() -> None:
    stage = Stage()
    app = stage.join("app")
    stage.hub.keyring.revoke(app.peer.key.id)
    stage.store.changes += 1
    stage.wait(1)
    assert app.line.closed is not None
    assert app.line.closed[0] == "key_revoked"


def test_a_peer_is_told_whether_its_session_expired_or_the_hub_never_knew_it() -> None:
    stage = Stage(app_session=60.0)
    _, app = listening(stage)
    app.drop()
    stage.wait(61)
    assert app.back(count=0).line.of("resync") == [{"reason": "session_expired"}]
    stranger = stage.join("app", resume=Resume(session="from-another-hub", count=0))
    assert stranger.line.of("resync") == [{"reason": "session_unknown"}]


def test_a_confirm_that_says_something_new_does_not_count_as_a_message_and_one_that_does_not_counts() -> None:
    stage = Stage(app_rate=1.0, app_burst=3)
    tavern, app = listening(stage)  # the subscription was the first message
    for seq in range(1, 20):
        deltas(tavern, seq, seq)
        app.say("confirm", count=seq)
    for _ in range(2):
        app.say("confirm", count=19)
    with pytest.raises(BadMessage) as caught:
        app.say("confirm", count=19)
    assert caught.value.code == "rate_limited"
