"""Webhooks: what they hear, what is sent when, what an answer means, and what a killed hub still has."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from tavernlink.core.webhooks.parcels import Answer, Parcel
from tavernlink.core.webhooks.targets import check_url, hidden, why_refused
from tavernlink.errors import TavernlinkError
from tavernlink.protocol.signatures import signature_matches
from tests.core.stage import Actor, Stage

OK = Answer(seconds=0.1, status=200)
BAD = Answer(seconds=0.1, status=500)
URL = "https://journal.example/hook"


class Desk(Stage):
    """A hub with an app, an admin and a tavern in which a character is open, and a courier that is moved by hand."""

    def __init__(self, **limits: Any) -> None:
        super().__init__(**limits)
        self.admin = self.join("app", key=self.key("admin", "root"))
        self.app = self.join("app", key=self.key("app", "ann"))
        self.inn = self.join("tavern", id="t-inn", name="Inn")
        self.inn.say("tavern.state", character="Seraphina", character_id="s.png")
        self.posted: list[Parcel] = []

    @property
    def book(self) -> Any:
        return self.hub.automation.webhooks

    def hook(self, *types: str, by: Actor | None = None, **spec: Any) -> str:
        made = (by or self.app).say("webhook.create", **{"url": URL, "types": list(types), **spec})
        return str(made["info"]["id"])

    def info(self, hook: str) -> Any:
        (found,) = [each for each in self.admin.say("webhook.list") if each["id"] == hook]
        return found

    def reply(
        self, text: str, *, tavern: Actor | None = None, kind: str = "reply", who: str = "Seraphina"
    ) -> None:
        inn = tavern or self.inn
        inn.say("stream.start", stream_id=text[:50], kind=kind, character=who)
        inn.say("stream.delta", stream_id=text[:50], seq=1, text=text)
        inn.say("stream.end", stream_id=text[:50], seq=1, text=text, reason="stop")

    def post(self, answer: Answer = OK) -> list[Any]:
        """Send what is to be sent now; return the bodies."""
        parcels = self.book.due()
        self.posted += parcels
        for parcel in parcels:
            self.book.done(parcel, answer)
        return [json.loads(parcel.body) for parcel in parcels]

    def drain(self, answer: Answer = OK) -> list[Any]:
        bodies = []
        while found := self.post(answer):
            bodies += found
        return bodies


@pytest.fixture
def desk() -> Desk:
    return Desk()


def code_of(actor: Actor, type_: str, **content: Any) -> str:
    with pytest.raises(TavernlinkError) as caught:
        actor.say(type_, **content)
    return caught.value.code


def texts(bodies: list[Any]) -> list[str]:
    return [body["data"]["text"] for body in bodies]


# What is heard


def test_a_reply_is_one_post_with_its_whole_text_and_never_one_for_each_token(desk: Desk) -> None:
    desk.hook("stream.*")
    desk.reply("Hello there.")
    start, end = desk.drain()
    assert (start["type"], end["type"]) == ("stream.start", "stream.end")
    assert end["data"]["text"] == "Hello there."
    assert (end["data"]["character"], end["data"]["kind"]) == ("Seraphina", "reply")
    assert end["tavern"] == {"id": "t-inn", "name": "Inn"}
    assert code_of(desk.app, "webhook.create", url=URL, types=["stream.delta"]) == "invalid_message"


def test_chat_changes_tavern_changes_and_sillytaverns_events_come_to_whoever_asks(desk: Desk) -> None:
    desk.hook("chat.changed", "tavern.changed", "event.message_*")
    assert desk.inn.line.of("events.wanted")[-1] == {"names": ["message_*"]}
    desk.inn.say("event", name="message_sent", args=[3])
    desk.inn.say("event", name="other", args=[])
    desk.inn.say("tavern.state", character="Wren")
    op = {"op": "insert", "index": 0, "message": {"role": "user", "name": "Ann", "text": "Hi"}}
    desk.inn.say("chat.update", chat_id="c", revision=1, total=1, ops=[{"op": "reset", "index": 0}, op])
    assert [body["type"] for body in desk.drain()] == ["event.message_sent", "tavern.changed", "chat.changed"]


def test_a_star_does_not_ask_for_every_event_of_sillytavern(desk: Desk) -> None:
    desk.hook("*")
    assert desk.inn.line.of("events.wanted") == []
    desk.reply("Hi")
    assert [body["type"] for body in desk.drain()] == ["stream.start", "stream.end"]


def test_filters_by_tavern_by_character_and_by_condition_all_must_hold(desk: Desk) -> None:
    pub = desk.join("tavern", id="t-pub", name="Pub")
    pub.say("tavern.state", character="Seraphina")
    named = desk.hook("stream.end", tavern="Inn")
    who = desk.hook("stream.end", characters=["Wren"])
    when = desk.hook("stream.end", when='size(content.text) > 5 && source.name == "Pub"')
    desk.reply("short")
    desk.reply("long enough", tavern=pub)
    desk.reply("by Wren", who="Wren")
    got: dict[str, list[str]] = {}
    for body in desk.drain():
        got.setdefault(body["webhook"], []).append(body["data"]["text"])
    assert got == {named: ["short", "by Wren"], who: ["by Wren"], when: ["long enough"]}


def test_a_tavern_may_be_named_before_it_ever_came(desk: Desk) -> None:
    desk.hook("stream.end", tavern="Pub")
    pub = desk.join("tavern", id="t-pub", name="Pub")
    desk.reply("there", tavern=pub)
    desk.reply("here")
    assert texts(desk.drain()) == ["there"]


def test_private_generations_are_nobodys_business_but_their_keys_requests_are(desk: Desk) -> None:
    mine = desk.hook("stream.end", "request.update")
    desk.hook("request.update", by=desk.admin)
    desk.app.say("generate", mode="raw", prompt="Hm", request_id="r1")
    command = desk.inn.commands[-1]["request_id"]
    desk.inn.say("stream.start", stream_id="s", kind="raw", request_id=command)
    desk.inn.say("stream.end", stream_id="s", seq=0, text="psst", reason="stop")
    desk.inn.say("command.done", request_id=command, ok=True, result={"text": "psst"})
    (body,) = desk.drain()
    assert (body["type"], body["webhook"]) == ("request.update", mine)
    assert (body["data"]["state"], body["data"]["result"]["text"]) == ("done", "psst")


def test_a_condition_that_fails_sends_nothing_and_says_so(desk: Desk) -> None:
    hook = desk.hook("stream.end", when="content.no_such_field > 3")
    desk.reply("Hi")
    assert desk.drain() == []
    assert "no_such_field" in desk.info(hook)["problem"]
    assert code_of(desk.app, "webhook.create", url=URL, types=["*"], when="1 +") == "invalid_expression"


def test_a_room_is_heard_by_a_key_that_is_in_it_and_only_as_long_as_it_is(desk: Desk) -> None:
    desk.inn.say("room.create", name="den")
    assert code_of(desk.app, "webhook.create", url=URL, types=["*"], room="den") == "not_a_member"
    desk.app.say("room.join", code=desk.inn.say("room.invite", room="den")["code"])
    desk.hook("stream.end", "room.message", room="den")
    desk.reply("in the room")
    assert [body["type"] for body in desk.drain()] == ["room.message", "stream.end"]
    desk.app.say("room.leave", room="den")
    desk.reply("alone")
    assert desk.drain() == []


def test_a_key_hears_of_no_tavern_outside_its_limits(desk: Desk) -> None:
    key, _ = desk.hub.keyring.create("app", "pub only", taverns=["Pub"])
    limited = desk.join("app", key=key)
    limited.say("webhook.create", url=URL, types=["*", "event.*"])
    desk.reply("no")
    desk.inn.say("event", name="message_sent", args=[])
    desk.reply("yes", tavern=desk.join("tavern", id="t-pub", name="Pub"))
    assert {body["tavern"]["name"] for body in desk.drain()} == {"Pub"}


def test_a_revoked_key_stops_its_webhooks_with_a_reason(desk: Desk) -> None:
    hook = desk.hook("stream.end")
    desk.reply("one")
    desk.hub.keyring.revoke(desk.app.peer.key.id)
    desk.wait(1)
    desk.reply("two")
    assert desk.drain() == []
    info = desk.info(hook)
    assert (info["state"], info["why"], info["dead"]) == ("stopped", "Its key was revoked.", 1)
    assert code_of(desk.admin, "webhook.resume", webhook=hook) == "owner_gone"


# Whose they are


def test_a_key_sees_its_own_webhooks_and_an_admin_every_one(desk: Desk) -> None:
    hook = desk.hook("*")
    other = desk.join("app", key=desk.key("app", "bob"))
    assert other.say("webhook.list") == []
    for type_ in ("remove", "pause", "resume", "rotate", "test", "deliveries", "replay", "discard"):
        assert code_of(other, f"webhook.{type_}", webhook=hook) == "unknown_webhook"
    assert [each["id"] for each in desk.admin.say("webhook.list")] == [hook]
    assert code_of(desk.join("app", key=desk.key("viewer", "eve")), "webhook.list") == "forbidden"


def test_secrets_are_shown_once_and_in_no_list_or_audit_line(desk: Desk) -> None:
    made = desk.app.say(
        "webhook.create",
        url="https://journal.example/hook?token=hush",
        types=["*"],
        headers={"Authorization": "Bearer hush"},
    )
    assert made["secret"].startswith("whsec_")
    desk.app.say("webhook.test", webhook=made["info"]["id"])
    shown = json.dumps([desk.app.say("webhook.list"), desk.admin.say("audit.list")])
    shown += json.dumps([str(each) for each in desk.happenings])
    assert "hush" not in shown
    assert made["secret"] not in shown
    assert desk.info(made["info"]["id"])["headers"] == ["Authorization"]


def test_there_are_as_many_as_the_limit_says() -> None:
    desk = Desk(webhooks_per_key=1)
    desk.hook("*")
    assert code_of(desk.app, "webhook.create", url=URL, types=["*"]) == "quota"


# Where they may go


@pytest.mark.parametrize(
    ("address", "public", "anywhere"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1::1", True, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("10.1.2.3", False, True),
        ("192.168.0.10", False, True),
        ("100.64.0.1", False, True),
        ("fd00::1", False, True),
        ("::ffff:127.0.0.1", False, True),
        ("64:ff9b::7f00:1", False, True),
        ("2002:7f00:1::", False, True),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("fe80::1%eth0", False, False),
        ("0.0.0.0", False, False),
        ("224.0.0.1", False, False),
        ("no address", False, False),
    ],
)
def test_which_addresses_may_be_sent_to(address: str, *, public: bool, anywhere: bool) -> None:
    assert (why_refused(address, "public") is None) is public
    assert (why_refused(address, "any") is None) is anywhere


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example",
        "https://",
        "https://u:p@a.example",
        "nonsense",
        "https://a.example:99999/",
        "https://ä.example",
    ],
)
def test_what_is_no_address_is_refused_by_name(desk: Desk, url: str) -> None:
    assert code_of(desk.admin, "webhook.create", url=url, types=["*"]) == "invalid_message"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/", "http://[::1]/", "http://localhost/", "http://nas.local/"]
)
def test_private_addresses_are_for_admins_unless_a_setting_says_otherwise(url: str) -> None:
    desk = Desk()
    assert code_of(desk.app, "webhook.create", url=url, types=["*"]) == "forbidden"
    desk.hook("stream.end", by=desk.admin, url=url)
    desk.reply("Hi")
    assert [parcel.reach for parcel in desk.book.due()] == ["any"]
    Desk(webhook_private="everyone").hook("*", url=url)
    nobody = Desk(webhook_private="nobody")
    assert code_of(nobody.admin, "webhook.create", url=url, types=["*"]) == "forbidden"


def test_link_local_addresses_are_for_nobody(desk: Desk) -> None:
    with pytest.raises(TavernlinkError, match="could be meant"):
        check_url("http://169.254.169.254/latest/meta-data", "any")
    assert code_of(desk.admin, "webhook.create", url="http://169.254.169.254/", types=["*"]) == "forbidden"


def test_an_admin_who_changes_anothers_webhook_lends_it_no_rights(desk: Desk) -> None:
    hook = desk.hook("*")
    assert code_of(desk.admin, "webhook.set", webhook=hook, url="http://127.0.0.1/") == "forbidden"


@pytest.mark.parametrize("name", ["Host", "content-length", "webhook-id", "bad name", "Connection"])
def test_headers_that_are_the_hubs_own_cannot_be_set(desk: Desk, name: str) -> None:
    content = {"url": URL, "types": ["*"], "headers": {name: "x"}}
    assert code_of(desk.app, "webhook.create", **content) == "invalid_message"
    content["headers"] = {"X-Fine": "two\nlines"}
    assert code_of(desk.app, "webhook.create", **content) == "invalid_message"


def test_a_query_is_shown_without_its_values() -> None:
    assert hidden("https://a.example/p?token=x&flag&y=2#z") == "https://a.example/p?token=***&flag=***&y=***"


# Signatures


def test_each_attempt_is_signed_anew_and_for_each_valid_secret(desk: Desk) -> None:
    made = desk.app.say("webhook.create", url=URL, types=["stream.end"])
    hook, old = made["info"]["id"], made["secret"]

    def fits(secret: str) -> bool:
        headers = desk.posted[-1].headers
        return signature_matches(
            secret,
            headers["webhook-signature"],
            headers["webhook-id"],
            int(headers["webhook-timestamp"]),
            desk.posted[-1].body,
        )

    desk.reply("one")
    desk.post(BAD)
    first = desk.posted[-1].headers
    desk.wait(60)
    desk.post()
    again = desk.posted[-1].headers
    assert first["webhook-id"] == again["webhook-id"]
    assert int(again["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 60
    assert first["webhook-signature"] != again["webhook-signature"]
    new = desk.app.say("webhook.rotate", webhook=hook, overlap=100)["secret"]
    assert desk.info(hook)["old_secret_until"] == desk.clock.wall() + 100
    desk.reply("two")
    desk.post()
    assert fits(old)
    assert fits(new)
    desk.wait(101)
    desk.reply("three")
    desk.post()
    assert fits(new)
    assert not fits(old)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # The example of its specification's reference libraries.
    assert signature_matches(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "v2,nonsense v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )


# Trying again


def test_what_fails_is_tried_again_later_and_later_and_is_a_dead_letter_at_last(desk: Desk) -> None:
    hook = desk.hook("stream.end")
    desk.reply("Hi")
    began, tries = desk.clock.time, []
    while desk.info(hook)["dead"] == 0:
        if desk.post(BAD):
            tries.append(desk.clock.time - began)
        desk.wait(1 if desk.clock.time - began < 600 else 60)
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert gaps == sorted(gaps)
    assert gaps[0] >= 4
    assert max(gaps) <= 4.8 * 3_600
    assert 15 * 3_600 < tries[-1] <= 24 * 3_600
    (dead,) = desk.app.say("webhook.deliveries", webhook=hook, state="dead", bodies=True)
    assert (dead["tries"], dead["why"]) == (len(tries), "The receiver answered 500.")
    assert dead["body"]["data"]["text"] == "Hi"
    assert [each["status"] for each in dead["attempts"]] == [500] * len(tries)


def test_dead_letters_can_be_replayed_under_their_ids_or_forgotten(desk: Desk) -> None:
    hook = desk.hook("stream.end")
    for text in ("a", "b", "c"):
        desk.reply(text)
    desk.app.say("webhook.pause", webhook=hook)
    for record in list(desk.book.find(hook).deliveries.waiting.values()):
        desk.book.find(hook).deliveries.bury(record, desk.clock.wall(), "dead")
    desk.app.say("webhook.resume", webhook=hook)
    c, _, a = desk.app.say("webhook.deliveries", webhook=hook)
    assert desk.app.say("webhook.replay", webhook=hook, deliveries=[a["id"]]) == {"replayed": 1}
    assert texts(desk.drain()) == ["a"]
    assert desk.posted[-1].headers["webhook-id"] == a["id"]
    assert desk.app.say("webhook.discard", webhook=hook, deliveries=[c["id"]]) == {"discarded": 1}
    assert desk.app.say("webhook.replay", webhook=hook) == {"replayed": 1}
    assert texts(desk.drain()) == ["b"]
    info = desk.info(hook)
    assert (info["waiting"], info["dead"]) == (0, 0)


def test_retry_after_holds_the_whole_webhook(desk: Desk) -> None:
    desk.hook("stream.end")
    desk.reply("one")
    desk.reply("two")
    assert texts(desk.post(Answer(seconds=0, status=429, retry_after=100))) == ["one"]
    desk.wait(99)
    assert desk.post() == []
    desk.wait(2)
    assert sorted(texts(desk.drain())) == ["one", "two"]


def test_a_receiver_that_is_down_is_not_hammered_with_all_that_waits(desk: Desk) -> None:
    desk.hook("stream.end", concurrency=8)
    for number in range(200):
        desk.reply(f"{number}")
    attempts = 0
    for _ in range(600):
        attempts += len(desk.post(BAD))
        desk.wait(1)
    assert attempts < 40


def test_one_event_that_is_refused_does_not_hold_up_the_others(desk: Desk) -> None:
    desk.hook("stream.end")
    for text in ("poison", "fine", "fine too"):
        desk.reply(text)
    delivered = []
    for _ in range(30):
        for parcel in desk.book.due():
            text = json.loads(parcel.body)["data"]["text"]
            desk.book.done(parcel, BAD if text == "poison" else OK)
            delivered += [] if text == "poison" else [text]
        desk.wait(1)
    assert delivered == ["fine", "fine too"]


def test_an_ordered_webhook_sends_strictly_one_after_the_other(desk: Desk) -> None:
    desk.hook("stream.end", ordered=True, concurrency=8)
    for text in ("one", "two", "three"):
        desk.reply(text)
    assert texts(desk.post(BAD)) == ["one"]
    assert desk.post() == []
    desk.wait(60)
    (first,) = desk.book.due()
    assert desk.book.due() == []  # nothing beside what is under way
    desk.book.done(first, OK)
    assert texts(desk.drain()) == ["two", "three"]


def test_as_many_are_under_way_as_the_webhook_allows(desk: Desk) -> None:
    desk.hook("stream.end", concurrency=3)
    for number in range(10):
        desk.reply(f"{number}")
    under_way = desk.book.due()
    assert len(under_way) == 3
    assert desk.book.due() == []
    desk.book.done(under_way[0], OK)
    assert len(desk.book.due()) == 1


def test_a_receiver_that_is_gone_for_good_stops_the_webhook(desk: Desk) -> None:
    hook = desk.hook("stream.end")
    desk.reply("one")
    desk.post(Answer(seconds=0, status=410))
    assert "410" in desk.info(hook)["why"]
    desk.reply("two")
    info = desk.info(hook)
    assert (info["state"], info["waiting"], info["dead"]) == ("stopped", 0, 1)
    desk.app.say("webhook.resume", webhook=hook)
    desk.reply("three")
    assert texts(desk.drain()) == ["three"]


def test_a_webhook_that_fails_for_too_long_is_stopped_and_until_then_says_that_it_fails() -> None:
    desk = Desk(webhook_stop_seconds=3_600.0)
    hook = desk.hook("stream.end")
    desk.reply("one")
    desk.post(BAD)
    info = desk.info(hook)
    assert (info["state"], info["why"]) == ("failing", "The receiver answered 500.")
    for _ in range(200):
        desk.wait(60)
        desk.reply(f"at {desk.clock.time}")
        desk.post(BAD)
    info = desk.info(hook)
    assert info["state"] == "stopped"
    assert "for too long" in info["why"]
    assert info["waiting"] == 0
    assert info["dead"] > 10


def test_a_paused_webhook_collects_and_a_success_ends_the_failing(desk: Desk) -> None:
    hook = desk.hook("stream.end")
    desk.reply("zero")
    desk.post(BAD)
    assert desk.app.say("webhook.pause", webhook=hook)["state"] == "paused"
    desk.reply("one")
    desk.wait(600)
    assert desk.post() == []
    assert desk.app.say("webhook.resume", webhook=hook)["state"] == "active"
    assert sorted(texts(desk.drain())) == ["one", "zero"]
    assert desk.info(hook)["state"] == "active"


def test_too_much_that_waits_becomes_dead_letters_and_too_many_of_those_are_forgotten() -> None:
    desk = Desk(webhook_waiting=3, webhook_dead=2)
    hook = desk.hook("stream.end")
    desk.app.say("webhook.pause", webhook=hook)
    for number in range(10):
        desk.reply(f"{number}")
    info = desk.info(hook)
    assert (info["waiting"], info["dead"], info["forgotten"]) == (3, 2, 5)
    dead = desk.app.say("webhook.deliveries", webhook=hook, state="dead", bodies=True)
    assert [each["body"]["data"]["text"] for each in dead] == ["6", "5"]
    desk.wait(604_801)
    assert desk.info(hook)["dead"] == 0


def test_of_a_large_event_only_that_it_happened_is_sent() -> None:
    desk = Desk(webhook_bytes=2_000)
    desk.hook("stream.end")
    desk.reply("x" * 3_000)
    (body,) = desk.drain()
    assert body["data"] is None
    assert body["omitted"]["limit"] == 2_000


# A test event


def test_a_test_is_sent_once_and_its_outcome_is_the_answer(desk: Desk) -> None:
    hook = desk.hook("stream.end")
    for answer, state in ((OK, "delivered"), (BAD, "dead")):
        outcomes = desk.app.later("webhook.test", webhook=hook)
        assert outcomes == []
        (body,) = desk.post(answer)
        assert body["type"] == "webhook.ping"
        (outcome,) = outcomes
        assert outcome.result.state == state  # type: ignore[union-attr]
    desk.wait(3_600)
    assert desk.post() == []
    desk.app.say("webhook.pause", webhook=hook)
    desk.app.later("webhook.test", webhook=hook)
    assert len(desk.post()) == 1


# Kept


def test_the_log_remembers_the_last_that_were_delivered_without_their_bodies() -> None:
    desk = Desk(webhook_log=2)
    hook = desk.hook("stream.end")
    for text in ("one", "two", "three"):
        desk.reply(text)
    desk.drain()
    log = desk.app.say("webhook.deliveries", webhook=hook, bodies=True)
    assert [each["state"] for each in log] == ["delivered", "delivered"]
    assert [each["body"] for each in log] == [None, None]
    assert log[0]["attempts"][0]["status"] == 200
    assert len(desk.app.say("webhook.deliveries", webhook=hook, before=log[0]["number"])) == 1
    assert len(desk.store.webhook_deliveries.kept) == 2


def test_a_killed_hub_sends_again_what_it_does_not_know_to_have_arrived(desk: Desk) -> None:
    hook = desk.hook("stream.end")
    for text in ("one", "two", "three"):
        desk.reply(text)
    first, second = desk.book.due()[0], None
    desk.book.done(first, OK)
    (second,) = desk.book.due()  # under way when the hub is killed
    desk.kill()
    desk.admin = desk.join("app", key=desk.admin.peer.key)
    desk.inn = desk.join("tavern", key=desk.inn.peer.key, id="t-inn", name="Inn")
    assert texts(desk.drain()) == ["two", "three"]
    assert second.delivery_id in {parcel.delivery_id for parcel in desk.posted}
    desk.reply("four")
    assert texts(desk.drain()) == ["four"]
    numbers = [each["number"] for each in desk.admin.say("webhook.deliveries", webhook=hook)]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 4


def test_what_is_removed_is_forgotten_whole(desk: Desk) -> None:
    hook = desk.hook("stream.end", "event.*")
    desk.reply("one")
    (parcel,) = desk.book.due()
    desk.app.say("webhook.remove", webhook=hook)
    desk.book.done(parcel, OK)
    assert desk.store.webhooks.kept == {}
    assert desk.store.webhook_deliveries.kept == {}
    assert desk.inn.line.of("events.wanted")[-1] == {"names": []}


def test_a_change_takes_what_is_given_and_leaves_the_rest(desk: Desk) -> None:
    hook = desk.hook("stream.end", when="size(content.text) > 1", name="Journal")
    info = desk.app.say("webhook.set", webhook=hook, types=["chat.changed"], when="")
    assert (info["types"], info["when"], info["name"], info["url"]) == (["chat.changed"], "", "Journal", URL)
    assert code_of(desk.app, "webhook.set", webhook=hook, when="1 +") == "invalid_expression"
    desk.reply("Hi")
    assert desk.drain() == []
