"""Streams: who hears what, and what a late listener gets."""

from __future__ import annotations

from tests.core.stage import Actor, Stage


def stream(tavern: Actor, stream_id: str, kind: str = "reply", **start: object) -> None:
    tavern.say("stream.start", stream_id=stream_id, kind=kind, character="Seraphina", **start)


def test_a_visible_stream_reaches_every_subscriber_and_its_tavern_is_named() -> None:
    stage = Stage()
    tavern = stage.join("tavern", id="t")
    apps = [stage.join("app") for _ in range(3)]
    for app in apps[:2]:
        app.say("subscribe", types=["stream.*"], tavern="t")
    stream(tavern, "s")
    tavern.say("stream.delta", stream_id="s", seq=1, text="a")
    tavern.say("stream.end", stream_id="s", seq=1, text="a", reason="stop")
    for app in apps[:2]:
        assert app.line.types == ["welcome", "stream.start", "stream.delta", "stream.end"]
        assert app.line.of("stream.start")[0]["tavern"] == "t"
    assert apps[2].line.types == ["welcome"]


def test_a_delta_is_encoded_once_for_all_its_receivers() -> None:
    stage = Stage()
    tavern = stage.join("tavern")
    apps = [stage.join("app") for _ in range(5)]
    for app in apps:
        app.say("subscribe", types=["stream.delta"])
    tavern.say("stream.delta", stream_id="s", seq=1, text="a")
    assert len({id(app.line.events[-1]) for app in apps}) == 1


def test_the_asker_hears_its_own_stream_without_subscribing_and_once_when_it_has_subscribed() -> None:
    stage = Stage()
    tavern, app, other = stage.join("tavern"), stage.join("app"), stage.join("app")
    for each in (app, other):
        each.say("subscribe", types=["stream.*"])
    app.say("generate", mode="reply", request_id="mine")
    stream(tavern, "s", request_id=tavern.commands[0]["request_id"])
    tavern.say("stream.delta", stream_id="s", seq=1, text="a")
    assert len(app.line.of("stream.delta")) == 1
    assert app.line.of("stream.start")[0]["request_id"] == "mine"
    assert "request_id" not in other.line.of("stream.start")[0]


def test_a_detached_stream_is_for_its_asker_alone() -> None:
    stage = Stage()
    tavern, app, other = stage.join("tavern"), stage.join("app"), stage.join("app")
    other.say("subscribe", types=["*"])
    app.say("generate", mode="detached", messages=[])
    stream(tavern, "s", "detached", request_id=tavern.commands[0]["request_id"])
    tavern.say("stream.delta", stream_id="s", seq=1, text="secret")
    tavern.say("stream.end", stream_id="s", seq=1, text="secret", reason="stop")
    assert app.line.of("stream.end")[0]["text"] == "secret"
    assert not [each for each in other.line.types if each.startswith("stream.")]


def test_a_tavern_may_publish_deltas_without_a_start() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern"), stage.join("app")
    app.say("subscribe", types=["stream.*"])
    for seq in range(3):
        tavern.say("stream.delta", stream_id="s", seq=seq, text="a")
    assert [delta["seq"] for delta in app.line.of("stream.delta")] == [0, 1, 2]


def test_an_old_delta_that_comes_again_is_dropped() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern"), stage.join("app")
    app.say("subscribe", types=["stream.*"])
    for seq in (1, 2, 2, 1, 3):
        tavern.say("stream.delta", stream_id="s", seq=seq, text=str(seq))
    assert [delta["text"] for delta in app.line.of("stream.delta")] == ["1", "2", "3"]


def test_a_late_watcher_gets_the_text_so_far_and_then_the_rest() -> None:
    stage = Stage()
    key = stage.key("app")
    tavern, app = stage.join("tavern"), stage.join("app", key=key)
    app.say("generate", mode="reply", request_id="r")
    stream(tavern, "s", request_id=tavern.commands[0]["request_id"])
    tavern.say("stream.delta", stream_id="s", seq=1, text="thought", channel="reasoning")
    tavern.say("stream.delta", stream_id="s", seq=2, text="one ")
    tavern.say("stream.delta", stream_id="s", seq=3, text="two ")
    late = stage.join("app", key=key)
    late.say("request.get", request_id="r", watch=True)
    tavern.say("stream.delta", stream_id="s", seq=4, text="three")
    assert [(each["text"], each.get("replace", False)) for each in late.line.of("stream.delta")] == [
        ("thought", True),
        ("one two ", True),
        ("three", False),
    ]
    assert late.line.of("stream.start")[0]["request_id"] == "r"


def test_tool_calls_are_the_askers_and_a_late_watcher_gets_them_joined() -> None:
    stage = Stage()
    key = stage.key("app")
    tavern, app, other = stage.join("tavern"), stage.join("app", key=key), stage.join("app")
    other.say("subscribe", types=["stream.*"])
    app.say("generate", mode="detached", request_id="r", messages=[{"role": "user", "content": "Roll!"}])
    stream(tavern, "s", request_id=tavern.commands[0]["request_id"], kind="detached")
    call = {"stream_id": "s", "index": 0}
    for piece in (
        {**call, "seq": 1, "arguments": "", "id": "c", "name": "roll"},
        {**call, "seq": 2, "arguments": '{"a":'},
        {**call, "seq": 2, "arguments": '{"a":'},  # an old one that comes again
        {**call, "seq": 3, "arguments": "1}"},
        {"stream_id": "s", "index": 1, "seq": 4, "arguments": "{}", "id": "d", "name": "look"},
    ):
        tavern.say("stream.tool_call", **piece)
    assert [piece["arguments"] for piece in app.line.of("stream.tool_call")] == ["", '{"a":', "1}", "{}"]
    late = stage.join("app", key=key)
    late.say("request.get", request_id="r", watch=True)
    assert late.line.of("stream.tool_call") == [
        {**call, "seq": 3, "arguments": '{"a":1}', "id": "c", "name": "roll", "replace": True},
        {
            "stream_id": "s",
            "index": 1,
            "seq": 4,
            "arguments": "{}",
            "id": "d",
            "name": "look",
            "replace": True,
        },
    ]
    assert other.line.of("stream.tool_call") == []


def test_unsubscribing_takes_back_the_same_words() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern"), stage.join("app")
    app.say("subscribe", types=["stream.*", "chat.changed"])
    app.say("unsubscribe", types=["stream.*"])
    tavern.say("stream.delta", stream_id="s", seq=1, text="a")
    tavern.say("chat.update", chat_id="c", ops=[{"op": "reset"}])
    assert app.line.types == ["welcome", "chat.changed"]


def test_a_tavern_sends_only_the_events_that_somebody_wants() -> None:
    stage = Stage()
    tavern, app = stage.join("tavern", id="t"), stage.join("app")
    app.say("subscribe", types=["event.message_*", "stream.*"])
    assert tavern.line.of("events.wanted") == [{"names": ["message_*"]}]
    app.say("subscribe", types=["*"])
    assert tavern.line.of("events.wanted")[-1] == {"names": ["*"]}
    tavern.say("event", name="message_sent", args=[3])
    assert app.line.of("event") == [{"name": "message_sent", "args": [3], "tavern": "t"}]
    app.say("unsubscribe")
    assert tavern.line.of("events.wanted")[-1] == {"names": []}
    late = stage.join("tavern", id="t2")
    assert late.line.of("events.wanted") == []


def test_the_number_of_streams_that_never_end_is_bounded() -> None:
    stage = Stage(streams=4)
    tavern = stage.join("tavern", id="t")
    for number in range(20):
        stream(tavern, f"s{number}")
    assert len(stage.hub.directory.taverns["t"].streams) == 4
