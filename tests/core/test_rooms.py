"""Rooms: who is in them, who may do what, what they hear, and what is left of them after a restart."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.core.hub import Hub
from tavernlink.errors import AuthError, BadMessage, Conflict, NotFound, TavernlinkError, Unavailable
from tests.core.stage import Actor, CountedIds, Stage


class Scene(Stage):
    """A stage with a tavern that owns a room, and four apps under keys of their own."""

    def __init__(self, *, settings: dict[str, Any] | None = None, **limits: Any) -> None:
        super().__init__(**limits)
        self.tavern = self.join("tavern", id="t-home", name="Home")
        self.tavern.say("tavern.state", user="Person", character="Seraphina")
        self.tavern.say("room.create", name="den", settings=settings or {})
        self.host = self.app("host", "manager")

    def app(self, name: str, role: str | None = "member", **auth: Any) -> Actor:
        app = self.join("app", key=self.key("app", name), id=name, name=name.title(), **auth)
        if role is not None:
            self.tavern.say("room.add", room="den", app=name, role=role)
        return app

    def restart(self) -> None:
        """The hub is killed and started again on the same store."""
        self.hub = Hub(
            clock=self.clock,
            ids=CountedIds(),
            store=self.store,
            journal=self.record,
            version="0",
            limits=self.hub.limits,
        )

    def members(self) -> dict[str, Any]:
        return {each["name"]: each for each in self.host.say("room.get", room="den")["members"]}


def code_of(actor: Actor, type_: str, **content: Any) -> str:
    with pytest.raises(TavernlinkError) as caught:
        actor.say(type_, **content)
    return caught.value.code


def texts(actor: Actor, type_: str = "room.message") -> list[str]:
    return [each["text"] for each in actor.line.of(type_)]


# ── Making and leaving ───────────────────────────────────────────────────────────────────────────────────


def test_only_taverns_and_admins_make_and_delete_rooms() -> None:
    stage = Stage()
    for role in ("app", "viewer"):
        assert code_of(stage.join("app", key=stage.key(role)), "room.create", name="den") == "forbidden"
    admin = stage.join("app", key=stage.key("admin"), name="Boss")
    room = admin.say("room.create", name="den", topic="a cave")
    assert (room["name"], room["topic"], room["role"], room["total"]) == ("den", "a cave", "owner", 1)
    tavern = stage.join("tavern", id="t-1")
    assert tavern.say("room.create", name="hall")["owner"] == "t-1"
    assert code_of(tavern, "room.create", name="DEN") == "room_exists"
    assert code_of(tavern, "room.delete", room="den") == "not_a_member"
    tavern.say("room.delete", room="hall")
    admin.say("room.delete", room="den")
    assert admin.line.of("room.closed")[0]["why"] == "deleted"
    assert admin.say("room.list") == []
    assert not stage.store.rooms.kept
    assert not stage.store.room_members.kept


@pytest.mark.parametrize("name", ["", " x", "x ", "a/b", "a\nb", "x" * 61])
def test_a_name_that_cannot_stand_in_an_address_is_refused(name: str) -> None:
    with pytest.raises(BadMessage):
        Stage().join("tavern").say("room.create", name=name)


def test_members_see_each_other_come_go_and_be_online() -> None:
    scene = Scene()
    ann = scene.app("ann")
    joined = scene.host.line.of("room.changed")[-1]
    assert (joined["what"], joined["member"]["name"], joined["member"]["online"]) == ("joined", "Ann", True)
    ann.drop()
    assert scene.host.line.of("room.changed")[-1]["what"] == "offline"
    assert scene.members()["Ann"]["online"] is False
    ann.back(
        len([each for each in ann.line.types if each not in ("welcome", "resync", "confirm", "closing")])
    )
    assert scene.host.line.of("room.changed")[-1]["what"] == "online"
    ann.say("room.leave", room="den")
    assert scene.host.line.of("room.changed")[-1]["what"] == "left"
    assert sorted(scene.members()) == ["Home", "Host"]


def test_an_app_that_comes_back_under_the_same_key_and_id_is_the_same_member() -> None:
    scene = Scene()
    ann = scene.app("ann")
    again = scene.join("app", key=ann.peer.key, id="ann", name="Ann")
    assert again.say("room.get", room="den")["role"] == "member"
    ann.drop()
    assert scene.members()["Ann"]["online"] is True
    other_key = scene.join("app", key=scene.key("app", "thief"), id="ann", name="Ann")
    assert code_of(other_key, "room.get", room="den") == "not_a_member"
    other_id = scene.join("app", key=ann.peer.key, id="ann2")
    assert code_of(other_id, "chat.send", room="den", text="hi") == "not_a_member"


def test_a_key_that_is_limited_to_rooms_knows_no_other() -> None:
    scene = Scene()
    scene.tavern.say("room.create", name="hall", settings={"open": True})
    key, _ = scene.hub.keyring.create("app", "narrow", rooms=["den"])
    app = scene.join("app", key=key, id="narrow")
    assert code_of(app, "room.join", room="hall") == "unknown_room"
    assert code_of(app, "room.join", room="den") == "not_a_member"
    assert app.say("room.list") == []


# ── Invitations, roles, kicks, mutes ─────────────────────────────────────────────────────────────────────


def test_an_invitation_lets_as_many_in_as_it_says_until_it_expires() -> None:
    scene = Scene()
    code = scene.host.say("room.invite", room="den", role="member", uses=2, seconds=60)["code"]
    one, two, three = (scene.app(name, None) for name in ("one", "two", "three"))
    assert code_of(one, "room.join", room="den") == "not_a_member"
    assert (
        one.say("room.join", code=code, **{"as": {"name": "Alice", "description": "Tall."}})["role"]
        == "member"
    )
    assert scene.members()["Alice"]["persona"]["description"] == "Tall."
    two.say("room.join", room="den", code=code)
    assert code_of(three, "room.join", code=code) == "unknown_invitation"
    late = scene.host.say("room.invite", room="den", seconds=60)["code"]
    scene.wait(61)
    assert code_of(three, "room.join", code=late) == "unknown_invitation"
    taken = scene.host.say("room.invite", room="den")["code"]
    scene.host.say("room.revoke", room="den", code=taken)
    assert code_of(three, "room.join", code=taken) == "unknown_invitation"


def test_who_may_invite_sees_the_invitations_that_can_be_used_below_their_own_rank() -> None:
    scene = Scene()
    lasting = scene.host.say("room.invite", room="den", role="member", uses=3, seconds=600)
    brief = scene.host.say("room.invite", room="den", seconds=60)
    assert scene.host.say("room.invitations", room="den") == [brief, lasting]
    guest = scene.app("guest", None)
    guest.say("room.join", code=lasting["code"])
    scene.wait(61)
    assert scene.host.say("room.invitations", room="den") == [lasting | {"uses": 2}]
    assert code_of(guest, "room.invitations", room="den") == "forbidden"
    assert code_of(scene.app("stranger", None), "room.invitations", room="den") == "not_a_member"
    scene.host.say("room.revoke", room="den", code=lasting["code"])
    assert scene.host.say("room.invitations", room="den") == []


def test_a_manager_does_not_see_the_code_that_makes_managers() -> None:
    scene = Scene()
    code = scene.tavern.say("room.invite", room="den", role="manager")["code"]
    assert [each["code"] for each in scene.tavern.say("room.invitations", room="den")] == [code]
    assert scene.host.say("room.invitations", room="den") == []


def test_joining_again_does_not_use_an_invitation_up_and_changes_the_persona() -> None:
    scene = Scene()
    code = scene.host.say("room.invite", room="den", uses=1)["code"]
    ann = scene.app("ann")
    ann.say("room.join", code=code, **{"as": "Anna"})
    assert "Anna" in scene.members()
    assert scene.app("ben", None).say("room.join", code=code)["role"] == "guest"


def test_an_open_room_takes_guests_up_to_its_number() -> None:
    scene = Scene(settings={"open": True, "guests": {"number": 1}})
    first, second = scene.app("first", None), scene.app("second", None)
    assert [room["name"] for room in first.say("room.list")] == ["den"]
    assert first.say("room.join", room="den")["role"] == "guest"
    assert code_of(second, "room.join", room="den") == "room_full"


@pytest.mark.parametrize(
    ("type_", "content"),
    [
        ("room.kick", {"member": "Host"}),
        ("room.mute", {"member": "Host"}),
        ("room.remove", {"member": "Home"}),
        ("room.role", {"member": "Ann", "role": "manager"}),
        ("room.invite", {}),
        ("room.add", {"app": "stranger"}),
        ("room.set", {"topic": "mine"}),
        ("room.context.set", {"text": "secret"}),
        ("room.release", {}),
    ],
)
def test_a_member_may_not_lead(type_: str, content: dict[str, Any]) -> None:
    scene = Scene()
    ann = scene.app("ann")
    assert code_of(ann, type_, room="den", **content) == "forbidden"


def test_nobody_acts_on_equals_and_only_the_owner_makes_managers() -> None:
    scene = Scene()
    scene.app("other", "manager")
    scene.app("ann")
    assert code_of(scene.host, "room.kick", room="den", member="Other") == "forbidden"
    assert code_of(scene.host, "room.kick", room="den", member="Home") == "forbidden"
    assert code_of(scene.host, "room.role", room="den", member="Ann", role="manager") == "forbidden"
    assert code_of(scene.host, "room.role", room="den", member="Ann", role="owner") == "forbidden"
    assert code_of(scene.host, "room.invite", room="den", role="manager") == "forbidden"
    assert scene.tavern.say("room.role", room="den", member="Ann", role="manager")["role"] == "manager"
    scene.tavern.say("room.role", room="den", member="Ann", role="owner")
    assert (scene.members()["Ann"]["role"], scene.members()["Home"]["role"]) == ("owner", "manager")
    assert code_of(scene.tavern, "room.delete", room="den") == "forbidden"


def test_a_kick_tells_why_and_keeps_out_for_its_time() -> None:
    scene = Scene(settings={"open": True})
    ann = scene.app("ann")
    scene.host.say("room.kick", room="den", member="Ann", reason="noise", seconds=60)
    closed = ann.line.of("room.closed")[-1]
    assert (closed["why"], closed["reason"]) == ("kicked", "noise")
    scene.host.say("chat.send", room="den", text="quiet now")
    assert texts(ann) == []
    with pytest.raises(AuthError) as caught:
        ann.say("room.join", room="den")
    assert (caught.value.code, caught.value.details["reason"]) == ("banned", "noise")
    assert caught.value.details["retry_after"] == 60
    scene.wait(61)
    assert ann.say("room.join", room="den")["role"] == "guest"
    scene.host.say("room.kick", room="den", member="Ann", seconds=600)
    scene.host.say("room.unmute", room="den", member=ann.peer.member_id)
    ann.say("room.join", room="den")


def test_a_mute_lasts_its_time_also_for_one_who_leaves_and_comes_back() -> None:
    scene = Scene(settings={"open": True})
    ann = scene.app("ann")
    muted = scene.host.say("room.mute", room="den", member="Ann", seconds=30, reason="spam")
    assert muted["muted_until"] == scene.clock.wall() + 30
    for _ in range(2):
        with pytest.raises(AuthError) as caught:
            ann.say("chat.send", room="den", text="hi")
        assert (caught.value.code, caught.value.details["reason"]) == ("muted", "spam")
        ann.say("room.leave", room="den")
        ann.say("room.join", room="den")
    scene.wait(31)
    ann.say("chat.send", room="den", text="hi")
    scene.host.say("room.mute", room="den", member="Ann", seconds=30)
    scene.host.say("room.unmute", room="den", member="Ann")
    ann.say("chat.send", room="den", text="again")
    assert texts(scene.host) == ["hi", "again"]


# ── Talking ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_goes_into_the_tavern_under_the_members_persona_and_to_the_others() -> None:
    scene = Scene()
    ann, ben = scene.app("ann"), scene.app("ben")
    ann.say("room.join", room="den", **{"as": {"name": "Alice", "description": "A mage."}})
    accepted = ann.say("chat.send", room="den", text="hello", request_id="r1")
    assert accepted == {"request_id": "r1", "position": 0, "state": "queued"}
    command = scene.tavern.commands[-1]
    assert command["name"] == "send"
    assert command["args"]["as"] == {"name": "Alice", "description": "A mage."}
    assert (command["args"]["by"], command["args"]["text"]) == (ann.peer.member_id, "hello")
    told = ben.line.of("room.message")[-1]
    assert (told["name"], told["text"], told["member"], told["role"]) == (
        "Alice",
        "hello",
        ann.peer.member_id,
        "user",
    )
    assert ann.line.of("room.message") == []
    assert [each["state"] for each in ben.line.of("room.turn")] == ["running"]
    scene.tavern.say("command.done", request_id=command["request_id"], ok=True, result={"text": "Hi."})
    assert ann.updates("r1")[-1] == "done"
    assert ben.line.of("room.turn")[-1]["state"] == "idle"


def test_members_hear_the_streams_and_changes_of_the_rooms_tavern_without_subscribing() -> None:
    scene = Scene()
    ann = scene.app("ann")
    stranger = scene.app("stranger", None)
    scene.tavern.say("stream.start", stream_id="s1", kind="reply", character="Seraphina")
    scene.tavern.say("stream.delta", stream_id="s1", seq=1, text="He")
    scene.tavern.say("stream.end", stream_id="s1", seq=1, text="Hello.", reason="stop")
    assert [each for each in ann.line.types if each.startswith("stream.")] == [
        "stream.start",
        "stream.delta",
        "stream.end",
    ]
    told = ann.line.of("room.message")[-1]
    assert (told["role"], told["name"], told["text"], told["kind"]) == (
        "assistant",
        "Seraphina",
        "Hello.",
        "reply",
    )
    assert stranger.line.types == ["welcome"]
    ann.say("room.leave", room="den")
    scene.tavern.say("stream.start", stream_id="s2", kind="reply")
    assert ann.line.types.count("stream.start") == 1


def test_what_the_person_types_is_news_and_what_an_app_sent_is_marked_for_it() -> None:
    scene = Scene()
    ann, ben = scene.app("ann"), scene.app("ben")
    typed = {"name": "Person", "role": "user", "text": "I type."}
    sent = {"name": "Ann", "role": "user", "text": "I send.", "sent_by": ann.peer.member_id}
    scene.tavern.say(
        "chat.update",
        chat_id="c",
        ops=[{"op": "reset"}, {"op": "insert", "index": 0, "message": {**typed, "text": "Old."}}],
    )
    scene.tavern.say("chat.update", chat_id="c", ops=[{"op": "insert", "index": 1, "message": typed}])
    scene.tavern.say("chat.update", chat_id="c", ops=[{"op": "insert", "index": 2, "message": sent}])
    for app in (ann, ben):
        assert [(each["text"], each["name"], each["tavern"]) for each in app.line.of("room.message")] == [
            ("I type.", "Person", "t-home")
        ]
    marks = {
        app.peer.id: [op.get("own", False) for each in app.line.of("chat.changed") for op in each["ops"]]
        for app in (ann, ben)
    }
    assert marks == {"ann": [False, False, False, True], "ben": [False, False, False, False]}


def test_a_subscription_to_a_room_brings_its_taverns_now_and_later() -> None:
    scene = Scene()
    ann = scene.app("ann")
    assert code_of(scene.app("out", None), "subscribe", room="den", types=["event.*"]) == "not_a_member"
    ann.say("subscribe", room="den", types=["event.poked"])
    assert scene.tavern.line.of("events.wanted")[-1] == {"names": ["poked"]}
    second = scene.join("tavern", key=scene.tavern.peer.key, id="t-two", name="Two")
    scene.tavern.say("room.add", room="den", tavern="t-two")
    assert second.line.of("events.wanted")[-1] == {"names": ["poked"]}
    second.say("event", name="poked", args=[])
    assert ann.line.of("event")[-1]["tavern"] == "t-two"
    ann.say("unsubscribe", room="den", types=["event.poked"])
    assert second.line.of("events.wanted")[-1] == {"names": []}


def test_a_message_reaches_every_tavern_of_the_room_or_the_first() -> None:
    scene = Scene()
    second = scene.join("tavern", key=scene.tavern.peer.key, id="t-two", name="Two")
    scene.tavern.say("room.add", room="den", tavern="Two")
    scene.host.say("chat.send", room="den", text="both")
    assert (len(scene.tavern.commands), len(second.commands)) == (1, 1)
    scene.host.say("room.set", room="den", settings={"reach": "first"})
    scene.host.say("chat.send", room="den", text="one")
    assert len(second.commands) == 1


def test_somebody_elses_tavern_is_brought_in_by_an_admin_only() -> None:
    scene = Scene()
    scene.join("tavern", key=scene.key("tavern", "other"), id="t-two", name="Two")
    assert code_of(scene.host, "room.add", room="den", tavern="Two") == "forbidden"
    admin = scene.join("app", key=scene.key("admin", "boss"))
    assert admin.say("room.add", room="den", tavern="Two")["kind"] == "tavern"


def test_nobody_speaks_under_the_name_of_another() -> None:
    scene = Scene()
    ann = scene.app("ann", "guest")
    scene.app("ben")
    for name in ("Ben", "ben", "Home", "Person", "Seraphina"):
        assert code_of(ann, "chat.send", room="den", text="hi", **{"as": name}) == "name_taken"
    assert code_of(ann, "room.join", room="den", **{"as": "Ben"}) == "name_taken"
    ann.say("chat.send", room="den", text="hi", **{"as": "Zoe"})
    assert scene.tavern.commands[-1]["args"]["as"] == {"name": "Zoe"}
    scene.host.say("chat.send", room="den", text="hi", **{"as": "Person"})


def test_guests_have_limits_of_number_length_and_pace() -> None:
    scene = Scene(settings={"guests": {"per_minute": 2, "length": 5}})
    guest, member = scene.app("guest", "guest"), scene.app("member")
    assert code_of(guest, "chat.send", room="den", text="123456") == "too_large"
    guest.say("chat.send", room="den", text="1")
    scene.wait(20)
    guest.say("chat.send", room="den", text="2")
    with pytest.raises(BadMessage) as caught:
        guest.say("chat.send", room="den", text="3")
    assert (caught.value.code, caught.value.details["retry_after"]) == ("rate_limited", 40)
    for number in range(5):
        member.say("chat.send", room="den", text=f"long enough {number}")
    scene.wait(41)
    guest.say("chat.send", room="den", text="3")


def test_a_guest_is_brief_of_itself_too_and_pictures_go_to_the_tavern_only() -> None:
    scene = Scene(settings={"guests": {"length": 10}})
    guest, ben = scene.app("guest", "guest"), scene.app("ben")
    long = {"name": "Gus", "description": "x" * 11}
    assert code_of(guest, "room.join", room="den", **{"as": long}) == "too_large"
    assert code_of(guest, "chat.send", room="den", text="hi", **{"as": long}) == "too_large"
    picture = "data:image/png;base64,AAAA"
    ben.say("room.join", room="den", **{"as": {"name": "Ben", "avatar": picture}})
    file = {"name": "map", "type": "image/png", "data": "A" * 400_000}
    ben.say("chat.send", room="den", text="hi", attachments=[file])
    assert scene.members()["Ben"]["persona"] == {"name": "Ben"}
    args = scene.tavern.commands[-1]["args"]
    assert (args["as"]["avatar"], args["attachments"][0]["data"]) == (picture, file["data"])
    told = scene.host.line.of("room.message")[-1]["attachments"][0]
    assert (told["name"], told["data"]) == ("map", "")


def test_a_cooldown_holds_for_each_member_but_not_for_hosts() -> None:
    scene = Scene(settings={"cooldown": 10})
    ann, ben = scene.app("ann"), scene.app("ben")
    ann.say("chat.send", room="den", text="1")
    ben.say("chat.send", room="den", text="1")
    scene.wait(4)
    with pytest.raises(Unavailable) as caught:
        ann.say("chat.send", room="den", text="2")
    assert (caught.value.code, caught.value.details["retry_after"]) == ("cooldown", 6)
    scene.host.say("chat.send", room="den", text="1")
    scene.host.say("chat.send", room="den", text="2")
    scene.wait(6)
    ann.say("chat.send", room="den", text="2")


def test_only_hosts_may_go_first_in_the_queue() -> None:
    scene = Scene()
    ann = scene.app("ann")
    assert [ann.say("chat.send", room="den", text=text)["position"] for text in "123"] == [0, 1, 2]
    assert scene.host.say("chat.send", room="den", text="now", priority=5)["position"] == 1
    with pytest.raises(AuthError) as caught:
        ann.say("chat.send", room="den", text="me too", priority=5)
    assert caught.value.code == "forbidden"


def test_typing_is_told_once_and_goes_out_by_itself_or_with_the_message() -> None:
    scene = Scene()
    ann = scene.app("ann")
    for _ in range(3):
        ann.say("room.typing.set", room="den")
    ann.say("room.typing.set", room="den", state="processing")
    scene.wait(11)
    ann.say("room.typing.set", room="den")
    ann.say("chat.send", room="den", text="done")
    assert [each["state"] for each in scene.host.line.of("room.typing")] == [
        "typing", "processing", None, "typing", None,
    ]  # fmt: skip
    assert ann.line.of("room.typing") == []


def test_the_private_context_goes_with_the_rooms_work_only() -> None:
    scene = Scene()
    ann, guest = scene.app("ann"), scene.app("guest", "guest")
    entry = {"name": "plot", "text": "The butler did it.", "depth": 2, "role": "system"}
    assert scene.host.say("room.context.set", room="den", **entry)[0]["text"] == entry["text"]
    assert [each["name"] for each in ann.say("room.context.get", room="den")] == ["plot"]
    assert code_of(guest, "room.context.get", room="den") == "forbidden"
    ann.say("chat.send", room="den", text="who?")
    ann.say("chat.send", tavern="t-home", text="not of the room")
    scene.tavern.say("command.done", request_id=scene.tavern.commands[0]["request_id"], ok=True, result={})
    first, second = (command["args"] for command in scene.tavern.commands)
    assert first["context"][0]["text"] == "The butler did it."
    assert "context" not in second
    assert all("butler" not in text for text in texts(guest))
    assert scene.host.say("room.context.set", room="den", name="plot", text="") == []


# ── Turns ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_host_releases_what_was_collected_as_one_turn() -> None:
    scene = Scene(settings={"mode": "host"})
    ann, ben = scene.app("ann"), scene.app("ben", "guest")
    accepted = ann.say("chat.send", room="den", text="I open the door.", request_id="a1")
    assert accepted["held"] is True
    assert ann.say("chat.send", room="den", text="I open the door.", request_id="a1")["held"] is True
    ben.say("chat.send", room="den", text="I follow.")
    assert scene.tavern.commands == []
    assert [(each["text"], each["held"]) for each in scene.host.line.of("room.message")] == [
        ("I open the door.", True),
        ("I follow.", True),
    ]
    assert scene.host.line.of("room.turn")[-1]["held"] == 2
    scene.host.say("room.release", room="den", request_id="turn-1")
    (command,) = scene.tavern.commands
    assert [each["text"] for each in command["args"]["before"]] == ["I open the door."]
    assert (command["args"]["text"], command["args"]["as"]["name"], command["args"]["keep"]) == (
        "I follow.",
        "Ben",
        True,
    )
    assert scene.store.room_held.kept == {}
    assert ann.line.of("room.turn")[-1]["request_id"] == "turn-1"
    scene.tavern.say("command.done", request_id=command["request_id"], ok=True, result={})
    scene.host.say("room.release", room="den")
    assert scene.tavern.commands[-1]["name"] == "generate"


def test_a_tavern_that_leads_the_room_releases_and_hears_of_the_turn_only() -> None:
    scene = Scene(settings={"mode": "host"})
    ann = scene.app("ann")
    ann.say("chat.send", room="den", text="I open the door.")
    accepted = scene.tavern.say("room.release", room="den")
    (command,) = scene.tavern.commands
    assert command["args"]["text"] == "I open the door."
    scene.tavern.say("stream.start", stream_id="s", request_id=command["request_id"], kind="reply")
    scene.tavern.say("command.done", request_id=command["request_id"], ok=True, result={})
    turns = [(each["state"], each.get("request_id")) for each in scene.tavern.line.of("room.turn")]
    assert turns[-2:] == [("running", accepted["request_id"]), ("idle", accepted["request_id"])]
    assert not {"request.update", "stream.start"} & set(scene.tavern.line.types)


def test_a_hosts_own_message_triggers_at_once() -> None:
    scene = Scene(settings={"mode": "host"})
    scene.host.say("chat.send", room="den", text="Night falls.")
    assert scene.tavern.commands[-1]["args"]["generate"] is True


def test_a_round_waits_for_each_member_once() -> None:
    scene = Scene(settings={"mode": "round"})
    ann, ben = scene.app("ann"), scene.app("ben")
    ann.say("chat.send", room="den", text="a")
    with pytest.raises(Conflict) as caught:
        ann.say("chat.send", room="den", text="a again")
    assert caught.value.code == "turn_taken"
    assert set(caught.value.details["waiting"]) == {scene.host.peer.member_id, ben.peer.member_id}
    ben.say("chat.send", room="den", text="b")
    assert scene.tavern.commands == []
    scene.host.say("chat.send", room="den", text="h")
    (command,) = scene.tavern.commands
    assert [each["text"] for each in command["args"]["before"]] == ["a", "b"]
    assert command["args"]["text"] == "h"
    ann.say("chat.send", room="den", text="the next round")


@pytest.mark.parametrize("how", ["drop", "leave", "kick", "mute", "viewer"])
def test_a_round_does_not_wait_for_somebody_who_cannot_speak(how: str) -> None:
    scene = Scene(settings={"mode": "round"})
    ann = scene.app("ann")
    ben = scene.app("ben", None if how == "viewer" else "member")
    if how == "viewer":
        viewer = scene.join("app", key=scene.key("viewer", "v"), id="v")
        scene.tavern.say("room.add", room="den", app="v")
        assert viewer.say("room.get", room="den")["role"] == "member"
    ann.say("chat.send", room="den", text="a")
    scene.host.say("chat.send", room="den", text="h")
    if how == "drop":
        ben.drop()
    elif how == "leave":
        ben.say("room.leave", room="den")
    elif how in ("kick", "mute"):
        scene.host.say(f"room.{how}", room="den", member="Ben")
    assert [command["args"]["text"] for command in scene.tavern.commands] == ["h"]


def test_in_manual_mode_messages_go_and_the_host_asks_for_the_reply() -> None:
    scene = Scene(settings={"mode": "manual"})
    ann = scene.app("ann")
    ann.say("chat.send", room="den", text="hello")
    command = scene.tavern.commands[-1]
    assert (command["name"], command["args"]["generate"]) == ("send", False)
    scene.tavern.say("command.done", request_id=command["request_id"], ok=True, result={})
    assert code_of(ann, "generate", room="den") == "forbidden"
    scene.host.say("room.release", room="den")
    assert scene.tavern.commands[-1]["name"] == "generate"
    assert scene.tavern.commands[-1]["args"]["mode"] == "reply"


def test_a_member_regenerates_in_an_immediate_room_and_a_guest_does_not() -> None:
    scene = Scene()
    ann, guest = scene.app("ann"), scene.app("guest", "guest")
    ann.say("generate", room="den", mode="regenerate")
    assert scene.tavern.commands[-1]["args"]["mode"] == "regenerate"
    assert code_of(guest, "generate", room="den") == "forbidden"
    assert code_of(ann, "generate", room="den", mode="raw", prompt="x") == "unsupported_parameter"


# ── Closing and coming back ──────────────────────────────────────────────────────────────────────────────


def test_a_room_whose_owner_does_not_come_back_in_time_is_closed_and_says_so() -> None:
    scene = Scene(tavern_grace=30.0)
    scene.tavern.drop()
    assert scene.host.say("room.get", room="den")["closes"] == scene.clock.wall() + 30
    scene.wait(29)
    assert scene.host.line.of("room.closed") == []
    scene.wait(2)
    closed = scene.host.line.of("room.closed")
    assert [each["why"] for each in closed] == ["owner_gone"]
    assert code_of(scene.host, "room.get", room="den") == "unknown_room"
    assert not scene.store.rooms.kept


def test_a_room_goes_on_when_its_owner_comes_back_or_it_is_to_be_kept() -> None:
    scene = Scene(tavern_grace=30.0)
    scene.tavern.drop()
    scene.wait(20)
    again = scene.join("tavern", key=scene.tavern.peer.key, id="t-home", name="Home")
    scene.wait(60)
    assert scene.host.say("room.get", room="den")["closes"] is None
    again.say("room.set", room="den", settings={"keep": True})
    again.drop()
    scene.wait(100)
    assert scene.members()["Home"]["online"] is False


def test_a_restarted_hub_knows_rooms_members_mutes_invitations_and_what_waits() -> None:
    scene = Scene(settings={"mode": "host"})
    ann = scene.app("ann")
    ann.say("chat.send", room="den", text="first", request_id="a1")
    ann.say("chat.send", room="den", text="second")
    scene.host.say("room.mute", room="den", member="Ann", seconds=600)
    scene.host.say("room.context.set", room="den", text="secret")
    code = scene.host.say("room.invite", room="den")["code"]
    keys = {actor.peer.id: actor.peer.key for actor in (ann, scene.host, scene.tavern)}
    scene.restart()
    scene.tavern = scene.join("tavern", key=keys["t-home"], id="t-home", name="Home")
    scene.host = scene.join("app", key=keys["host"], id="host", name="Host")
    ann = scene.join("app", key=keys["ann"], id="ann", name="Ann")
    room = ann.say("room.get", room="den")
    assert (room["role"], room["settings"]["mode"], room["held"], room["total"]) == ("member", "host", 2, 3)
    assert ann.say("chat.send", room="den", text="first", request_id="a1")["held"] is True
    assert code_of(ann, "chat.send", room="den", text="third") == "muted"
    assert scene.app("new", None).say("room.join", code=code)["role"] == "guest"
    scene.host.say("room.release", room="den")
    args = scene.tavern.commands[-1]["args"]
    assert [*[each["text"] for each in args["before"]], args["text"]] == ["first", "second"]
    assert args["context"][0]["text"] == "secret"


def test_a_room_whose_owner_is_not_there_after_a_restart_has_its_grace() -> None:
    scene = Scene(tavern_grace=30.0)
    scene.restart()
    scene.wait(29)
    assert scene.store.rooms.kept
    scene.wait(2)
    assert not scene.store.rooms.kept


def test_a_room_without_a_tavern_says_so() -> None:
    stage = Stage()
    admin = stage.join("app", key=stage.key("admin"), id="boss", name="Boss")
    admin.say("room.create", name="den")
    assert code_of(admin, "chat.send", room="den", text="anybody?") == "no_tavern"
    with pytest.raises(NotFound):
        admin.say("chat.send", room="nowhere", text="hi")


def test_one_look_up_brings_a_message_to_a_room_among_many() -> None:
    scene = Scene()
    for number in range(300):
        scene.tavern.say("room.create", name=f"room {number}")
    rooms = scene.hub.rooms
    room = rooms.find("den")
    ready = room.audience
    scene.host.say("chat.send", room="den", text="hi")
    assert rooms.sessions("den") is ready
