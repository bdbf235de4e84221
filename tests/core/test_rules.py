"""Rules: what they see, what they do in which order, how they are changed, and how a circle is found out."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tavernlink.core.routing.planner import MOST_HOPS, MOST_MESSAGES, Envelope, Plan, Planner
from tavernlink.core.routing.rule import Rule
from tavernlink.core.routing.rulebook import RouteRecord, RuleBook
from tavernlink.errors import TavernlinkError
from tavernlink.protocol.routing import Route, Sender, Target
from tests.core.stage import Actor, CountedIds, HandClock, MemoryShelf, Stage


class Table(Stage):
    """A hub with an admin, two apps and a tavern."""

    def __init__(self) -> None:
        super().__init__()
        self.admin = self.join("app", key=self.key("admin", "root"), name="Root")
        self.ann = self.join("app", key=self.key("app", "ann"), name="Ann")
        self.bob = self.join("app", key=self.key("app", "bob"), name="Bob")
        self.log = self.join("app", key=self.key("viewer", "log"), name="Log")
        self.inn = self.join("tavern", id="t-inn", name="Inn")
        self.pub = self.join("tavern", id="t-pub", name="Pub")

    def rule(self, **route: Any) -> Any:
        return self.admin.say("route.put", **route)

    def room(self, *members: Actor) -> None:
        self.inn.say("room.create", name="table")
        for member in members:
            member.say("room.join", code=self.inn.say("room.invite", room="table")["code"])


@pytest.fixture
def table() -> Table:
    return Table()


def contents(actor: Actor, type_: str) -> list[Any]:
    return [each["content"] for each in actor.line.of(type_)]


def code_of(actor: Actor, type_: str, **content: Any) -> str:
    with pytest.raises(TavernlinkError) as caught:
        actor.say(type_, **content)
    return caught.value.code


# What rules do with messages of programs' own types


def test_copy_brings_a_message_elsewhere_too(table: Table) -> None:
    table.rule(id="log", types=["x.dice.*"], action="copy", to={"peer": "Log"})
    assert table.ann.say("x.dice.roll", to={"peer": "Bob"}, content=6)["reached"] == 2
    assert contents(table.bob, "x.dice.roll") == contents(table.log, "x.dice.roll") == [6]
    (copy,) = table.log.line.of("x.dice.roll")
    assert (copy["from"]["name"], copy["to"], copy["route"]) == ("Ann", {"peer": "Log"}, "log")
    assert "route" not in table.bob.line.of("x.dice.roll")[0]
    table.ann.say("x.card.draw", to={"peer": "Bob"}, content=1)
    assert len(table.log.line.of("x.card.draw")) == 0


def test_forward_brings_it_elsewhere_instead_and_may_rename_it(table: Table) -> None:
    table.rule(types=["x.dice.*"], action="forward", to={"peer": "Bob"}, **{"as": "x.rolled"})
    table.ann.say("x.dice.roll", to={"peer": "Log"}, content=6)
    assert contents(table.bob, "x.rolled") == [6]
    assert table.log.line.of("x.dice.roll") == table.log.line.of("x.rolled") == []


def test_rename_changes_the_type_and_later_rules_see_the_new_one(table: Table) -> None:
    table.rule(types=["x.old.*"], action="rename", **{"as": "x.new"})
    table.rule(types=["x.new"], action="copy", to={"peer": "Log"})
    table.ann.say("x.old.one", to={"peer": "Bob"}, content=1)
    assert contents(table.bob, "x.new") == contents(table.log, "x.new") == [1]
    assert table.bob.line.of("x.old.one") == []


def test_drop_stops_a_message_and_tells_its_sender_why(table: Table) -> None:
    table.rule(
        id="calm",
        types=["x.*"],
        action="drop",
        when='content.text.contains("!")',
        note="No shouting, please.",
    )
    with pytest.raises(TavernlinkError, match=r"'calm'.*No shouting, please\.") as caught:
        table.ann.say("x.say", to={"peer": "Bob"}, content={"text": "Hey!"})
    assert (caught.value.code, caught.value.details) == ("dropped", {"route": "calm"})
    table.ann.say("x.say", to={"peer": "Bob"}, content={"text": "Hey."})
    assert contents(table.bob, "x.say") == [{"text": "Hey."}]


def test_rules_are_tried_in_their_order(table: Table) -> None:
    table.rule(id="c", order=1, types=["x.a"], action="drop")
    table.rule(id="a", order=-1, types=["x.a"], action="copy", to={"peer": "Log"})
    table.rule(id="d", order=2, types=["x.a"], action="copy", to={"peer": "Bob"})
    table.rule(id="b", order=-1, types=["x.a"], action="copy", to={"peer": "Inn"})
    assert [each["route"]["id"] for each in table.admin.say("route.list")] == ["a", "b", "c", "d"]
    assert code_of(table.ann, "x.a", to={"peer": "Pub"}, content=1) == "dropped"
    # A copy is a message of its own: it meets the same rule, which drops it too.
    assert not table.log.line.of("x.a")
    assert not table.bob.line.of("x.a")
    assert not table.pub.line.of("x.a")
    table.rule(id="c", order=1, types=["x.a"], action="drop", when="hops == 0")
    assert code_of(table.ann, "x.a", to={"peer": "Pub"}, content=1) == "dropped"
    assert table.log.line.of("x.a")
    assert table.inn.line.of("x.a")
    assert not table.pub.line.of("x.a")


def test_conditions_look_at_source_role_and_target(table: Table) -> None:
    conditions = {
        "x.by-name": 'source.name == "Ann" && source.kind == "app"',
        "x.by-role": 'role == "tavern"',
        "x.to-name": '"Bob" in target.names',
        "x.to-id": f'"{table.bob.peer.id}" in target.ids',
        "x.to-all": "target.all",
    }
    for type_, when in conditions.items():
        table.rule(types=["x.go"], when=when, action="copy", to={"peer": "Log"}, **{"as": type_})

    def heard() -> set[str]:
        found = {type_ for type_ in conditions if table.log.line.of(type_)}
        table.log.line.events.clear()
        return found

    table.ann.say("x.go", to={"peer": "Bob"}, content=1)
    assert heard() == {"x.by-name", "x.to-name", "x.to-id"}
    table.inn.say("x.go", to={"peer": table.bob.peer.id}, content=1)
    assert heard() == {"x.by-role", "x.to-name", "x.to-id"}
    table.bob.say("x.go", to={"all": True}, content=1)
    assert heard() == {"x.to-all"}


def test_a_condition_that_fails_is_no_match_and_is_reported(table: Table) -> None:
    table.rule(id="r", types=["x.*"], action="drop", when="content.level > 3")
    for content in ({"level": "high"}, {}, {"level": 1}):
        table.ann.say("x.a", to={"peer": "Bob"}, content=content)
    assert len(table.bob.line.of("x.a")) == 3
    (info,) = table.admin.say("route.list")
    assert (info["matched"], info["failed"]) == (0, 2)
    assert "no field 'level'" in info["problem"]
    assert [facts["route"] for what, facts in table.happenings if what == "route.failed"] == ["r", "r"]
    table.ann.say("x.a", to={"peer": "Bob"}, content={})
    assert (
        len([1 for what, _ in table.happenings if what == "route.failed"]) == 2
    )  # the same again is not said again


def test_a_rule_that_is_off_does_nothing(table: Table) -> None:
    table.rule(id="r", types=["x.*"], action="drop", enabled=False)
    table.ann.say("x.a", to={"peer": "Bob"}, content=1)
    assert len(table.bob.line.of("x.a")) == 1


def test_whoever_is_addressed_twice_gets_it_once(table: Table) -> None:
    table.rule(types=["x.a"], action="copy", to={"all": True})
    table.ann.say("x.a", to={"peer": "Bob"}, content=1)
    assert len(table.bob.line.of("x.a")) == len(table.log.line.of("x.a")) == 1
    assert table.ann.line.of("x.a") == []


def test_a_target_of_a_rule_that_is_not_there_harms_nobody_else(table: Table) -> None:
    table.rule(types=["x.a"], action="copy", to={"peer": "Nobody"})
    table.rule(types=["x.a"], action="copy", to={"room": "nowhere"})
    assert table.ann.say("x.a", to={"peer": "Bob"}, content=1)["reached"] == 1


# Circles


def test_a_circle_is_an_error_and_nobody_gets_anything(table: Table) -> None:
    table.rule(id="log", types=["x.a"], action="copy", to={"peer": "Log"})
    table.rule(id="there", types=["x.a"], action="forward", to={"peer": "Bob"}, when='target.peer == "Inn"')
    table.rule(id="back", types=["x.a"], action="forward", to={"peer": "Inn"}, when='target.peer == "Bob"')
    with pytest.raises(TavernlinkError, match="circle") as caught:
        table.ann.say("x.a", to={"peer": "Inn"}, content=1)
    assert caught.value.code == "route_loop"
    assert all(not actor.line.of("x.a") for actor in (table.bob, table.log, table.inn))
    table.rule(id="back", types=["x.a"], action="forward", to={"peer": "Pub"}, when='target.peer == "Bob"')
    assert table.ann.say("x.a", to={"peer": "Inn"}, content=1)["reached"] == 2
    assert contents(table.pub, "x.a") == contents(table.log, "x.a") == [1]


def test_rules_that_copy_to_each_other_make_one_copy_each(table: Table) -> None:
    for name in ("Bob", "Log", "Pub"):
        table.rule(types=["x.*"], action="copy", to={"peer": name})
    assert table.ann.say("x.a", to={"peer": "Inn"}, content=1)["reached"] == 4
    assert all(contents(actor, "x.a") == [1] for actor in (table.bob, table.log, table.inn, table.pub))
    assert all(info["matched"] == 1 for info in table.admin.say("route.list"))


def test_renaming_in_a_circle_is_found_out_too(table: Table) -> None:
    table.rule(types=["x.a"], action="rename", **{"as": "x.b"})
    table.rule(types=["x.b"], action="rename", **{"as": "x.a"})
    assert code_of(table.ann, "x.a", to={"peer": "Bob"}, content=1) == "route_loop"


def test_a_bridge_between_two_rooms_is_two_copies(table: Table) -> None:
    table.room(table.ann)
    table.pub.say("room.create", name="hall")
    table.bob.say("room.join", code=table.pub.say("room.invite", room="hall")["code"])
    for here, there in (("table", "hall"), ("hall", "table")):
        when = f'"{here}" in target.names'
        table.rule(types=["x.*"], action="copy", to={"room": there}, when=when)
    table.ann.say("x.a", to={"room": "table"}, content=1)
    table.bob.say("x.b", to={"room": "hall"}, content=2)
    assert contents(table.bob, "x.a") == contents(table.pub, "x.a") == [1]
    assert contents(table.ann, "x.b") == contents(table.inn, "x.b") == [2]


# The catalogue's own messages


def test_a_chat_message_can_be_dropped_before_a_tavern_sees_it(table: Table) -> None:
    table.rule(id="spoiler", types=["chat.send"], action="drop", when='content.text.contains("Snape")')
    assert code_of(table.ann, "chat.send", text="Snape kills him", tavern="t-inn") == "dropped"
    assert table.inn.commands == []
    table.ann.say("chat.send", text="hello", tavern="t-inn")
    assert len(table.inn.commands) == 1


def test_a_command_can_be_kept_from_taverns_by_its_name(table: Table) -> None:
    table.rule(id="keep", types=["command.run"], action="drop", when='content.name.endsWith(".delete")')
    command = {"name": "message.delete", "args": {"index": 0}, "tavern": "t-inn"}
    assert code_of(table.ann, "command.run", **command) == "dropped"
    # What is not dropped is looked at as ever: this tavern knows no commands.
    assert code_of(table.ann, "command.run", **{**command, "name": "message.get"}) == "unknown_command"


def test_a_chat_message_can_go_to_another_tavern(table: Table) -> None:
    table.rule(
        types=["chat.send", "generate"], action="forward", to={"peer": "Pub"}, when='source.name == "Ann"'
    )
    table.ann.say("chat.send", text="hello", tavern="t-inn")
    table.ann.say("generate", mode="quiet", prompt="hello")
    table.bob.say("chat.send", text="hello", tavern="t-inn")
    assert len(table.inn.commands) == 1
    assert [each["args"]["text"] for each in table.pub.commands[:1]] == ["hello"]


def test_a_chat_message_can_be_copied_as_a_message_of_ones_own(table: Table) -> None:
    table.rule(
        types=["chat.*"], action="copy", to={"peer": "Log"}, when='type == "chat.send"', **{"as": "x.said"}
    )
    table.ann.say("chat.send", text="hello", tavern="t-inn")
    (copy,) = table.log.line.of("x.said")
    assert (copy["from"]["name"], copy["content"]["text"]) == ("Ann", "hello")
    assert len(table.inn.commands) == 1


def finish(tavern: Actor, text: str, stream_id: str = "s1", **start: Any) -> None:
    tavern.say("stream.start", stream_id=stream_id, kind="reply", character="Seraphina", **start)
    tavern.say("stream.delta", stream_id=stream_id, seq=1, text=text)
    tavern.say("stream.end", stream_id=stream_id, seq=1, text=text, reason="stop")


def test_a_finished_reply_can_be_sent_on(table: Table) -> None:
    table.room(table.bob)
    table.rule(
        id="replies", types=["stream.end"], action="forward", to={"room": "table"},
        when='source.name == "Pub" && content.reason == "stop"', **{"as": "x.reply"},
    )  # fmt: skip
    finish(table.pub, "Hello there")
    finish(table.inn, "not this one", "s2")
    (reply,) = table.bob.line.of("x.reply")
    assert reply["from"] == {"id": "t-pub", "name": "Pub", "kind": "tavern", "role": "tavern"}
    assert reply["content"]["text"] == "Hello there"
    assert (reply["content"]["character"], reply["content"]["tavern"]) == ("Seraphina", "t-pub")
    assert len(table.inn.line.of("x.reply")) == 1  # the room's own tavern is a member of it


def test_private_generations_are_no_rules_business(table: Table) -> None:
    table.rule(types=["stream.end"], action="copy", to={"peer": "Log"}, **{"as": "x.reply"})
    table.ann.say("generate", mode="quiet", prompt="secret", tavern="t-inn")
    (command,) = table.inn.commands
    table.inn.say("stream.start", stream_id="s", kind="quiet", request_id=command["request_id"])
    table.inn.say("stream.end", stream_id="s", seq=0, text="secret", reason="stop")
    assert table.log.line.of("x.reply") == []


def test_sillytaverns_events_are_asked_for_while_a_rule_wants_them(table: Table) -> None:
    table.rule(id="r", types=["event.char_*"], action="copy", to={"peer": "Log"}, **{"as": "x.event"})
    assert table.inn.line.of("events.wanted")[-1] == {"names": ["char_*"]}
    table.inn.say("event", name="char_loaded", args=[1])
    table.inn.say("event", name="message_sent", args=[2])
    assert [each["args"] for each in contents(table.log, "x.event")] == [[1]]
    table.admin.say("route.remove", id="r")
    assert table.inn.line.of("events.wanted")[-1].get("names", []) == []


def test_the_chat_and_the_tavern_can_be_watched(table: Table) -> None:
    table.rule(
        types=["chat.changed", "tavern.changed"], action="copy", to={"peer": "Log"}, **{"as": "x.seen"}
    )
    message = {"index": 0, "role": "user", "name": "U", "text": "hi"}
    table.inn.say("chat.update", chat_id="c", ops=[{"op": "insert", "index": 0, "message": message}])
    table.inn.say("tavern.state", character="Seraphina")
    first, second = contents(table.log, "x.seen")
    assert first["ops"][0]["message"]["text"] == "hi"
    assert second["tavern"]["character"] == "Seraphina"


def test_a_circle_among_what_taverns_publish_is_told_to_the_log(table: Table) -> None:
    table.rule(types=["stream.end"], action="copy", to={"peer": "Log"}, **{"as": "x.r"})
    table.rule(types=["x.r"], action="rename", **{"as": "x.s"})
    table.rule(types=["x.s"], action="rename", **{"as": "x.r"})
    finish(table.inn, "text")
    assert [facts["code"] for what, facts in table.happenings if what == "route.failed"] == ["route_loop"]
    assert table.log.line.of("x.r") == table.log.line.of("x.s") == []


def test_tokens_cost_the_rules_nothing(table: Table) -> None:
    table.rule(types=["stream.*", "x.*", "chat.*"], action="copy", to={"peer": "Log"}, **{"as": "x.r"})
    seen: list[str] = []
    book = table.hub.switchboard.book
    rules_for = book.rules_for

    def watched(type_: str) -> tuple[Rule, ...]:
        seen.append(type_)
        return rules_for(type_)

    book.rules_for = watched  # type: ignore[method-assign]
    table.inn.say("stream.start", stream_id="s", kind="reply")
    before = len(seen)
    for seq in range(1, 50):
        table.inn.say("stream.delta", stream_id="s", seq=seq, text="a")
    assert len(seen) == before
    assert table.hub.subscriptions.route("t-inn", "stream.delta") == ()


# Changing rules


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ({"types": ["x.a"], "action": "copy"}, "$.to"),
        ({"types": ["x.a"], "action": "forward", "to": {}}, "$.to"),
        ({"types": ["x.a"], "action": "rename"}, "$.as"),
        ({"types": ["x.a"], "action": "rename", "as": "chat.send"}, "$.as"),
        ({"types": ["chat.send"], "action": "rename", "as": "x.a"}, "$.types"),
        ({"types": ["stream.delta"], "action": "drop"}, "$.types"),
        ({"types": ["stream.end"], "action": "drop"}, "$.types"),
        ({"types": ["event.*"], "action": "drop"}, "$.types"),
        ({"types": ["request.update"], "action": "drop"}, "$.types"),
        ({"types": ["stream.end"], "action": "copy", "to": {"peer": "a"}}, "$.as"),
        ({"types": ["chat.send"], "action": "copy", "to": {"peer": "a"}}, "$.as"),
        ({"types": [], "action": "drop"}, "$.types"),
        ({"types": ["x.a"], "action": "drop", "when": "role =="}, "$.when"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_its_place(
    table: Table, route: dict[str, Any], path: str
) -> None:
    with pytest.raises(TavernlinkError) as caught:
        table.rule(**route)
    assert caught.value.code in ("invalid_message", "invalid_expression")
    assert caught.value.details["path"] == path
    assert table.admin.say("route.list") == []


def test_only_admins_touch_rules_and_the_audit_log_knows(table: Table) -> None:
    assert code_of(table.ann, "route.list") == "forbidden"
    assert code_of(table.ann, "route.put", types=["x.a"], action="drop") == "forbidden"
    assert code_of(table.ann, "route.remove", id="r") == "forbidden"
    assert code_of(table.ann, "route.test", type="x.a") == "forbidden"
    table.rule(id="r", types=["x.a"], action="drop")
    table.rule(id="r", types=["x.b"], action="drop")
    table.admin.say("route.remove", id="r")
    assert code_of(table.admin, "route.remove", id="r") == "unknown_route"
    done = [entry.action for entry in table.store.audit.load() if entry.action.startswith("rule.")]
    assert sorted(done) == ["rule.changed", "rule.created", "rule.removed"]


def test_a_test_tells_what_would_happen_and_does_nothing(table: Table) -> None:
    table.rule(id="a", types=["x.*"], action="copy", to={"peer": "Log"}, when="content.n > 1")
    table.rule(id="b", types=["x.a"], action="drop", when='source.name == "Ann" && hops == 0')
    ann = {"id": "a", "name": "Ann", "kind": "app", "role": "app"}
    told = table.admin.say("route.test", type="x.a", content={"n": 2}, to={"peer": "Bob"}, **{"from": ann})
    assert [(step["route"], step["hops"], step["matched"]) for step in told["steps"]] == [
        ("a", 0, True), ("b", 0, True), ("a", 1, True), ("b", 1, False),
    ]  # fmt: skip
    assert (told["dropped"], told["error"]) == ("b", None)
    assert [each["to"] for each in told["results"]] == [{"peer": "Log"}]
    broken = table.admin.say("route.test", type="x.a", content={})
    assert "no field 'n'" in broken["steps"][0]["problem"]
    assert all(info["matched"] == info["failed"] == 0 for info in table.admin.say("route.list"))
    assert table.log.line.of("x.a") == []
    table.rule(id="c", order=-1, types=["x.a"], action="rename", **{"as": "x.b"})
    table.rule(id="d", order=-1, types=["x.b"], action="rename", **{"as": "x.a"})
    assert (
        "circle" in table.admin.say("route.test", type="x.a", content={"n": 2}, to={"peer": "Inn"})["error"]
    )


def test_rules_made_by_api_outlive_the_hub() -> None:
    shelf: MemoryShelf[RouteRecord] = MemoryShelf("id")
    book = book_of([], shelf)
    book.put(Route(types=["x.a"], action="drop", id="kept"))
    book.put(Route(types=["x.b"], action="drop", id="gone"))
    book.remove("gone")
    shelf.put(RouteRecord(id="bad", made=1.0, route=Route(types=["x.a"], action="drop", when="nothing")))
    assert [rule.route.id for rule in book_of([], shelf).listed()] == ["kept"]


def test_rules_of_the_settings_stand_first_and_are_changed_there() -> None:
    shelf: MemoryShelf[RouteRecord] = MemoryShelf("id")
    book = book_of(
        [Route(types=["x.a"], action="drop"), Route(types=["x.a"], action="drop", id="mine")], shelf
    )
    book.put(Route(types=["x.a"], action="drop", id="made"))
    assert [rule.route.id for rule in book.rules_for("x.a")] == ["settings-1", "mine", "made"]
    for call in (
        lambda: book.remove("mine"),
        lambda: book.put(Route(types=["x.a"], action="drop", id="mine")),
    ):
        with pytest.raises(TavernlinkError, match="settings"):
            call()
    with pytest.raises(TavernlinkError) as caught:
        book.set_settings([Route(types=["x.a"], action="drop", when="nothing", id="bad")])
    assert "'bad'" in caught.value.message
    assert len(book.listed()) == 3  # nothing was changed
    book.set_settings([])
    assert [rule.route.id for rule in book.rules_for("x.a")] == ["made"]


def test_a_rule_that_took_too_long_is_not_tried_again(table: Table) -> None:
    table.rule(id="slow", types=["x.a"], action="drop", when="content.go")
    (rule,) = table.hub.switchboard.book.listed()
    planner = table.hub.switchboard.routing.planner
    times = iter([0.0, 0.9])
    planner._now = lambda: next(times)
    assert code_of(table.ann, "x.a", to={"peer": "Bob"}, content={"go": True}) == "dropped"
    planner._now = lambda: 0.0
    assert rule.suspended
    assert table.ann.say("x.a", to={"peer": "Bob"}, content={"go": True})["reached"] == 1
    assert table.admin.say("route.list")[0]["suspended"]
    table.rule(id="slow", types=["x.a"], action="drop", when="content.go")
    assert code_of(table.ann, "x.a", to={"peer": "Bob"}, content={"go": True}) == "dropped"


# Any rules


def book_of(routes: list[Route], shelf: MemoryShelf[RouteRecord] | None = None) -> RuleBook:
    return RuleBook(
        shelf=shelf or MemoryShelf("id"),
        settings=routes,
        clock=HandClock(),
        ids=CountedIds(),
        journal=_journal,
    )


def _journal(happening: str, /, **facts: Any) -> None:
    pass


SENDER = Sender(id="a", name="Ann", kind="app", role="app")


def message_of(type_: str, to: Target | None = None) -> Envelope:
    return Envelope(type=type_, source=SENDER, to=to, content={"n": 1}, size=7)


def planner_of(book: RuleBook) -> Planner:
    return Planner(book, lambda target: ([], []), time.perf_counter)


def outcome_of(planner: Planner, message: Envelope) -> tuple[Plan, TavernlinkError | None]:
    try:
        return planner.plan(message), None
    except TavernlinkError as error:
        return Plan(), error


_types = st.sampled_from(["x.a", "x.b", "x.c"])
_targets = st.sampled_from([Target(peer="A"), Target(peer="B"), Target(room="R"), Target(all=True)])
_routes = st.builds(
    Route,
    types=st.lists(st.sampled_from(["x.a", "x.b", "x.*", "x.c"]), min_size=1, max_size=2),
    action=st.sampled_from(["forward", "copy", "drop", "rename"]),
    to=_targets,
    as_=st.none() | _types,
    when=st.sampled_from(
        ["", "hops == 0", "hops < 3", "content.n == 1", "content.nothing", 'target.peer == "A"']
    ),
    order=st.integers(-2, 2),
).map(
    lambda route: (
        route if route.action != "rename" or route.as_ else msgspec.structs.replace(route, as_="x.c")
    )
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_routes, max_size=8), _types, _targets)
def test_any_rules_end_with_a_result_or_a_loop(routes: list[Route], type_: str, to: Target) -> None:
    message = message_of(type_, to)
    plan, refusal = outcome_of(planner_of(book_of(routes)), message)
    if refusal is not None:
        assert refusal.code == "route_loop"
        return
    assert len(plan.results) <= MOST_MESSAGES
    assert all(each.hops <= MOST_HOPS and each.content is message.content for each in plan.results)
    own = [each for each in plan.results if each.own]
    # The message itself is somewhere exactly once, or a rule dropped it.
    assert len(own) == (0 if plan.dropped else 1)


def test_a_hundred_rules_about_other_types_cost_nothing() -> None:
    routes = [Route(types=[f"x.other{n}.*"], action="drop", when="content.n == 5") for n in range(100)]
    planner = planner_of(book_of(routes))
    plan = planner.plan(message_of("x.a", Target(peer="A")))
    assert len(plan.results) == 1
    assert planner._book.rules_for("x.a") == ()


def test_answers_kept_by_type_are_bounded() -> None:
    book = book_of([Route(types=["x.*"], action="drop")])
    for number in range(10_050):
        assert len(book.rules_for(f"x.t{number}")) == 1
    assert len(book._by_type) == 10_000
