"""Inboxes: what comes for an app while it is away waits for it, and is handed over once it is back."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.errors import NotFound
from tests.core.stage import Actor, Stage


class House:
    """A stage with a tavern, an app that has an inbox, and another one that writes to it."""

    def __init__(self, **limits: Any) -> None:
        self.stage = Stage(**limits)
        self.app_key = self.stage.key("app", "a")
        self.other_key = self.stage.key("app", "o")
        self.tavern_key = self.stage.key("tavern", "t")
        self.tavern = self.stage.join("tavern", key=self.tavern_key, id="t1")
        self.app = self.enter()
        self.other = self.stage.join("app", key=self.other_key, id="other")

    def enter(self) -> Actor:
        self.app = self.stage.join("app", key=self.app_key, id="bot", name="Bot")
        return self.app

    def leave(self) -> None:
        """Be away for so long that the session ends."""
        self.app.drop()
        self.stage.wait(121)

    def note(self, text: str) -> Any:
        return self.other.say("x.note", to={"peer": "bot"}, content={"text": text})

    def finish(self, request_id: str = "r1", text: str = "hi") -> None:
        wire = self.tavern.commands[-1]["request_id"]
        self.tavern.say("command.done", request_id=wire, ok=True, result={"text": text})


def letters(app: Actor) -> list[Any]:
    return app.line.of("inbox.message")


def test_a_reply_that_is_finished_while_its_asker_is_away_is_handed_over() -> None:
    house = House()
    house.app.say("chat.send", text="hello", request_id="r1")
    house.leave()
    finished = house.stage.clock.wall()
    house.finish()
    house.stage.wait(60)
    (letter,) = letters(house.enter())
    assert (letter["type"], letter["time"], letter["id"]) == ("request.update", finished, 1)
    assert letter["content"]["request_id"] == "r1"
    assert letter["content"]["result"] == {"text": "hi"}
    assert len(house.tavern.commands) == 1


def test_a_letter_is_handed_over_until_it_is_taken() -> None:
    house = House()
    house.leave()
    house.note("one")
    house.note("two")
    assert [letter["content"]["content"]["text"] for letter in letters(house.enter())] == ["one", "two"]
    assert house.app.say("inbox.taken", upto=1) == {"taken": 1}
    house.leave()
    assert [letter["id"] for letter in letters(house.enter())] == [2]
    assert [letter["id"] for letter in house.app.say("inbox.get")] == [2]
    house.app.say("inbox.taken", upto=2)
    house.leave()
    assert letters(house.enter()) == []


def test_letters_outlive_the_hub_also_those_that_a_session_was_going_to_replay() -> None:
    house = House()
    house.app.drop()
    house.note("within the session")
    house.stage.kill()
    (letter,) = letters(house.enter())
    assert letter["content"]["content"] == {"text": "within the session"}


def test_what_a_resumed_session_replays_is_not_handed_over_as_well() -> None:
    house = House()
    house.app.drop()
    house.note("missed")
    back = house.app.back(0)
    assert [note["content"]["text"] for note in back.line.of("x.note")] == ["missed"]
    assert letters(back) == []
    assert back.say("inbox.get") == []


def test_a_request_that_ends_while_its_session_waits_is_replayed_in_order() -> None:
    house = House()
    house.app.say("chat.send", text="hello", request_id="r1")
    count = len(house.app.line.of("request.update"))
    house.app.drop()
    house.finish()
    back = house.app.back(count)
    assert back.updates("r1") == ["done"]
    assert letters(back) == []


def test_an_asker_that_came_back_as_a_new_session_hears_of_its_request_at_once() -> None:
    house = House()
    house.app.say("chat.send", text="hello", request_id="r1")
    house.leave()
    house.enter()
    house.finish()
    assert house.app.updates("r1") == ["done"]
    assert letters(house.app) == []


def test_an_app_that_is_there_has_nothing_in_its_inbox() -> None:
    house = House()
    house.note("hello")
    house.app.say("chat.send", text="hello", request_id="r1")
    house.finish()
    assert house.app.say("inbox.get") == []


def test_an_app_without_an_id_of_its_own_has_no_inbox() -> None:
    house = House()
    guest = house.stage.join("app", key=house.app_key)
    guest.say("chat.send", text="hello", request_id="r1")
    guest.drop()
    house.stage.wait(121)
    house.finish()
    with pytest.raises(NotFound):
        house.other.say("x.note", to={"peer": guest.peer.id}, content={})
    assert house.stage.store.inbox.load() == []


def test_an_inbox_is_bounded_by_count_by_size_and_by_age() -> None:
    house = House(inbox_count=3, inbox_bytes=2_200, inbox_seconds=100)
    house.leave()
    for number in range(5):
        house.note(str(number))
    assert [each.content["content"]["text"] for each in house.stage.store.inbox.load()] == ["2", "3", "4"]
    house.note("x" * 1_500)
    assert [len(each.content["content"]["text"]) for each in house.stage.store.inbox.load()][-1] == 1_500
    house.note("y" * 1_500)
    (left,) = house.stage.store.inbox.load()
    assert left.content["content"]["text"] == "y" * 1_500
    house.stage.wait(101)
    assert house.stage.store.inbox.load() == []
    assert letters(house.enter()) == []


def test_numbers_go_on_after_a_restart() -> None:
    house = House()
    house.leave()
    house.note("one")
    house.stage.kill()
    house.other = house.stage.join("app", key=house.other_key, id="other")
    house.note("two")
    assert [letter["id"] for letter in letters(house.enter())] == [1, 2]


def test_one_keys_apps_read_each_others_inboxes_and_nobody_elses() -> None:
    house = House()
    house.leave()
    house.note("hello")
    sibling = house.stage.join("app", key=house.app_key, id="sibling")
    assert len(sibling.say("inbox.get", app="bot")) == 1
    assert house.other.say("inbox.get", app="bot") == []
    assert house.other.say("inbox.taken", app="bot", upto=9) == {"taken": 0}
    assert sibling.say("inbox.taken", app="bot", upto=9) == {"taken": 1}


def test_a_key_that_was_revoked_gets_no_more_letters() -> None:
    house = House()
    house.leave()
    house.stage.hub.keyring.revoke(house.app_key.id)
    with pytest.raises(NotFound):
        house.note("hello")


def test_only_so_many_apps_are_remembered() -> None:
    house = House(inboxes=2)
    for number in range(3):
        house.stage.join("app", key=house.app_key, id=f"app{number}").drop()
    house.stage.wait(121)
    assert sorted(owner.app_id for owner in house.stage.store.inbox_owners.load()) == ["app1", "app2"]
