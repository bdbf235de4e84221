"""What a tavern is shown of its own queue, and what its person may cancel there."""

from __future__ import annotations

import pytest

from tavernlink.core.work.queue_news import SHOWN
from tavernlink.errors import NotFound
from tests.core.stage import Actor, Stage


def queue(tavern: Actor) -> dict[str, list[tuple[str, ...]]]:
    """The queue as the tavern was told of it last: who asked for what, and how it stands."""
    told = tavern.line.of("queue.changed")[-1]
    return {
        part: [(each["asker"], each["name"], each["state"]) for each in told.get(part, [])]
        for part in ("running", "queued")
    }


def test_a_tavern_that_looks_is_told_of_its_queue_and_of_each_change() -> None:
    stage = Stage()
    tavern = stage.join("tavern")
    bots = stage.key("app", "bots")
    app, nameless = stage.join("app", name="Discord bot", key=bots), stage.join("app", key=bots)
    app.say("generate", mode="swipe")
    app.say("chat.send", text="next")
    nameless.say("chat.send", text="and one more", session="alice", character="Seraphina")
    stage.wait(1)
    assert "queue.changed" not in tavern.line.types

    tavern.say("queue.watch", on=True)
    first = tavern.line.of("queue.changed")[0]
    assert first["running"][0]["mode"] == "swipe"
    assert first["running"][0]["started"] == 1_800_001_000.0
    assert [(each["position"], each.get("session")) for each in first["queued"]] == [(1, None), (2, "alice")]
    assert queue(tavern) == {
        "running": [("Discord bot (bots)", "generate", "running")],
        "queued": [("Discord bot (bots)", "send", "queued"), ("bots", "session.turn", "queued")],
    }
    stage.wait(1)
    assert len(tavern.line.of("queue.changed")) == 1, "nothing changed"

    tavern.say("command.done", request_id=tavern.commands[0]["request_id"], ok=True, result={"text": ""})
    stage.wait(1)
    assert queue(tavern)["running"] == [("Discord bot (bots)", "send", "running")]
    tavern.say("queue.watch", on=False)
    app.say("chat.send", text="unseen")
    stage.wait(1)
    assert len(tavern.line.of("queue.changed")) == 2


def test_the_person_cancels_what_runs_and_what_waits_there_and_nothing_else() -> None:
    stage = Stage()
    tavern, other = stage.join("tavern", id="t-1"), stage.join("tavern", id="t-2")
    app = stage.join("app", name="Bot")
    app.say("chat.send", text="one", tavern="t-1", request_id="one")
    app.say("chat.send", text="two", tavern="t-1", request_id="two")
    tavern.say("queue.watch", on=True)
    told = tavern.line.of("queue.changed")[-1]
    running, waiting = told["running"][0]["request_id"], told["queued"][0]["request_id"]

    with pytest.raises(NotFound):
        other.say("request.cancel", request_id=waiting)
    with pytest.raises(NotFound):
        tavern.say("request.cancel", request_id="one")  # the name that the app gave it
    assert tavern.say("request.cancel", request_id=waiting)["state"] == "cancelled"
    assert app.updates("two")[-1] == "cancelled"
    tavern.say("request.cancel", request_id=running)
    assert tavern.line.of("command.cancel") == [{"request_id": running}]
    stage.wait(1)
    assert queue(tavern) == {"running": [("Bot (k)", "send", "cancelling")], "queued": []}
    tavern.say("command.done", request_id=running, ok=False, error={"code": "cancelled", "message": "x"})
    stage.wait(1)
    assert queue(tavern) == {"running": [], "queued": []}
    assert app.updates("one")[-1] == "cancelled"
    admin = stage.join("app", key=stage.key("admin", "boss"))
    assert len(admin.say("audit.list", action="request.cancelled")) == 2


def test_a_long_queue_is_shown_in_part_with_its_number() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern"), stage.join("app")
    for number in range(SHOWN + 11):
        app.say("chat.send", text=str(number))
    tavern.say("queue.watch", on=True)
    told = tavern.line.of("queue.changed")[-1]
    assert (len(told["queued"]), told["waiting"]) == (SHOWN, SHOWN + 10)


def test_who_looks_and_drops_off_is_told_when_it_is_back_and_a_new_session_asks_anew() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern", id="t"), stage.join("app")
    tavern.say("queue.watch", on=True)
    tavern.drop()
    app.say("chat.send", text="while it is away")
    stage.wait(1)
    back = tavern.back(tavern.line.types.count("queue.changed"))
    stage.wait(1)
    assert len(queue(back)["running"]) == 1
    fresh = stage.join("tavern", id="t", key=tavern.peer.key)
    stage.wait(1)
    assert "queue.changed" not in fresh.line.types
