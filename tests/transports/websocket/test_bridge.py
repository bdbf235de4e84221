"""The two doors of the ChatBridge dialect, on a real hub."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tavernlink.transports.websocket.door import KEYLESS_NAME
from tests.transports.hub import House, open_house, until
from tests.transports.serving import receive_text, soon


def line(name: str, text: str) -> dict[str, Any]:
    """A SillyTavern message as the extension sends it."""
    return {
        "name": name,
        "is_user": name == "You",
        "is_system": False,
        "mes": text,
        "send_date": "now",
        "extra": {"a": 1},
    }


HELLO = [line("Seraphina", "Welcome.")]
ASKED = [*HELLO, line("You", "How are you?")]
ANSWERED = [*ASKED, line("Seraphina", "I am well.")]


class End:
    """One end of a ChatBridge connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, type_: str, content: Any) -> None:
        await self.socket.send(json.dumps({"type": type_, "content": content}))

    async def next(self, wanted: str) -> Any:
        while True:
            frame = json.loads(await receive_text(self.socket))
            assert set(frame) == {"type", "content"}
            if frame["type"] == wanted:
                return frame["content"]

    async def texts(self, type_: str) -> list[str]:
        """The texts of the next history."""
        return [message["mes"] for message in await self.next(type_)]


@asynccontextmanager
async def extension(hub: House, query: str | None = None) -> AsyncIterator[End]:
    token = f"?token={hub.keys['tavern']}" if query is None else query
    async with hub.websocket("/" + token, origin="http://127.0.0.1:8000") as socket:
        yield End(socket)


@asynccontextmanager
async def program(hub: House) -> AsyncIterator[End]:
    async with hub.websocket(f"/ws?token={hub.keys['app']}") as socket:
        yield End(socket)


async def status_of(hub: House, path: str) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refused:
        async with hub.websocket(path):
            pass
    response = refused.value.response
    return response.status_code, json.loads(response.body or b"")["error"]["code"]


async def test_an_extension_becomes_a_tavern_with_its_chat(hub: House) -> None:
    async with hub.peer() as app, extension(hub) as tab:
        await app.result("subscribe", types=["chat.changed", "tavern.changed"])
        await tab.send("chat_history", ASKED)
        assert [op["op"] for op in (await app.next("chat.changed"))["ops"]] == ["reset", "insert", "insert"]
        view = await app.result("chat.get", tavern="chatbridge")
        assert [(each["name"], each["role"], each["text"]) for each in view["messages"]] == [
            ("Seraphina", "assistant", "Welcome."),
            ("You", "user", "How are you?"),
        ]
        await tab.send("chat_history", ANSWERED)
        assert [op["op"] for op in (await app.next("chat.changed"))["ops"]] == ["insert"]
        (tavern,) = await app.result("tavern.list")
        assert (tavern["tavern_id"], tavern["online"], tavern["user"], tavern["character"]) == (
            "chatbridge",
            True,
            "You",
            "Seraphina",
        )


async def test_cumulative_updates_become_deltas_and_the_history_ends_them(hub: House) -> None:
    async with hub.peer() as app, extension(hub) as tab:
        await app.result("subscribe", types=["stream.*"])
        await tab.send("chat_history", ASKED)
        for text in ("I", "I am", "I am well", "I am well"):
            await tab.send("stream_update", text)
        await tab.send("chat_history", ANSWERED)
        start = await app.next("stream.start")
        assert (start["tavern"], start["kind"], start["character"]) == ("chatbridge", "reply", "Seraphina")
        assert [(await app.next("stream.delta"))["text"] for _ in range(3)] == ["I", " am", " well"]
        end = await app.next("stream.end")
        assert (end["text"], end["reason"], end["seq"], end["message_index"]) == ("I am well.", "stop", 3, 2)


async def test_a_send_types_in_sillytavern_and_ends_with_the_reply(hub: House) -> None:
    async with hub.peer() as app, extension(hub) as tab:
        await tab.send("chat_history", HELLO)
        await app.result("chat.send", text="How are you?", tavern="chatbridge", request_id="r1")
        assert await tab.next("send_message") == "How are you?"
        await tab.send("chat_history", ASKED)
        await tab.send("stream_update", "I am")
        await tab.send("chat_history", ANSWERED)
        assert (await app.next("stream.start"))["request_id"] == "r1"
        while (update := await app.next("request.update"))["state"] != "done":
            pass
        assert update["result"]["text"] == "I am well."
        assert update["result"]["message_index"] == 2


async def test_what_an_app_sent_is_marked_for_it_and_members_of_a_room_are_named(hub: House) -> None:
    async with hub.peer() as app, extension(hub) as tab:
        await tab.send("chat_history", HELLO)
        await app.result("subscribe", types=["chat.changed"])
        speakers = {"text": "How are you?", "as": {"name": "Alice"}}
        await app.result("chat.send", tavern="chatbridge", **speakers)
        assert await tab.next("send_message") == "Alice: How are you?"
        await tab.send("chat_history", [*HELLO, line("You", "Alice: How are you?")])
        (op,) = (await app.next("chat.changed"))["ops"]
        assert (op["op"], op["own"]) == ("insert", True)


async def test_sends_wait_for_each_other(hub: House) -> None:
    async with hub.peer() as app, extension(hub) as tab:
        await tab.send("chat_history", HELLO)
        await app.result("chat.send", text="How are you?", request_id="r1")
        assert (await app.result("chat.send", text="And now?", request_id="r2"))["position"] == 1
        assert await tab.next("send_message") == "How are you?"
        await tab.send("chat_history", ANSWERED)
        assert await tab.next("send_message") == "And now?"


async def test_a_change_of_chat_ends_a_send(hub: House) -> None:
    async with hub.peer() as app, extension(hub) as tab:
        await tab.send("chat_history", HELLO)
        await app.result("chat.send", text="How are you?")
        await tab.next("send_message")
        await tab.send("chat_history", [line("Other", "Hi.")])
        while (update := await app.next("request.update"))["state"] != "failed":
            pass
        assert update["error"]["code"] == "chat_changed"


@pytest.mark.parametrize(
    ("type_", "content", "code"),
    [
        ("generate", {"mode": "swipe"}, "unknown_command"),
        ("chat.send", {"text": "x", "generate": False}, "unsupported_parameter"),
        ("chat.send", {"text": "x", "as": "Bob"}, "unsupported_parameter"),
        (
            "chat.send",
            {"text": "x", "attachments": [{"name": "a", "type": "b", "data": ""}]},
            "unsupported_parameter",
        ),
    ],
)
async def test_what_the_dialect_cannot_do_is_refused_by_name(
    hub: House, type_: str, content: dict[str, Any], code: str
) -> None:
    async with hub.peer() as app, extension(hub) as tab:
        await tab.send("chat_history", HELLO)
        await app.result(type_, **content)
        while (update := await app.next("request.update"))["state"] != "failed":
            pass
        assert update["error"]["code"] == code


async def test_the_context_is_what_the_history_tells(hub: House) -> None:
    async with hub.peer() as app, extension(hub) as tab:
        await app.result("subscribe", types=["chat.changed"])
        await tab.send("chat_history", ANSWERED)
        await app.next("chat.changed")
        context = await app.result("context.get", last=1)
        assert (context["user"], context["character"], context["total"]) == ("You", "Seraphina", 3)
        assert [(each["index"], each["text"]) for each in context["messages"]] == [(2, "I am well.")]


async def test_a_cancelled_send_frees_the_tavern(hub: House) -> None:
    async with hub.peer() as app, extension(hub) as tab:
        await tab.send("chat_history", HELLO)
        await app.result("chat.send", text="How are you?", request_id="r1")
        await tab.next("send_message")
        await app.result("request.cancel", request_id="r1")
        while (await app.next("request.update"))["state"] != "cancelled":
            pass
        await app.result("chat.send", text="Again", request_id="r2")
        assert await tab.next("send_message") == "Again"


async def test_a_second_tab_is_another_tavern_and_a_reload_the_same(hub: House) -> None:
    async with hub.peer() as app:
        async with extension(hub), extension(hub):
            ids = {tavern["tavern_id"] for tavern in await app.result("tavern.list")}
            assert ids == {"chatbridge", "chatbridge-2"}
        taverns = hub.runtime.core.directory.taverns.values()
        await until(lambda: not any(tavern.online for tavern in taverns))
        async with extension(hub) as tab:
            await app.result("subscribe", types=["chat.changed"])
            await tab.send("chat_history", HELLO)
            assert (await app.next("chat.changed"))["tavern"] == "chatbridge"


async def test_a_program_gets_the_chat_at_once_and_after_each_change(hub: House) -> None:
    async with extension(hub) as tab:
        await tab.send("chat_history", HELLO)
        await until(lambda: hub.runtime.core.directory.resolve(None).mirror.messages)
        async with program(hub) as bot:
            assert await bot.texts("chat_history") == ["Welcome."]
            await tab.send("chat_history", ANSWERED)
            history = await bot.next("chat_history")
            assert [(each["name"], each["is_user"], each["mes"]) for each in history] == [
                ("Seraphina", False, "Welcome."),
                ("You", True, "How are you?"),
                ("Seraphina", False, "I am well."),
            ]


async def test_a_program_without_a_tavern_waits_for_one(hub: House) -> None:
    async with program(hub) as bot:
        await bot.send("send_message", "Is anybody there?")
        assert (await bot.next("error"))["code"] == "no_tavern"
        async with extension(hub) as tab:
            await tab.send("chat_history", HELLO)
            while await bot.texts("chat_history") != ["Welcome."]:
                pass


async def test_a_program_gets_cumulative_texts(hub: House) -> None:
    async with hub.peer("tavern", id="t1") as tavern, program(hub) as bot:
        await bot.next("chat_history")
        await tavern.send("stream.start", stream_id="s", kind="reply")
        await tavern.send("stream.delta", stream_id="s", seq=1, text="I")
        assert await bot.next("stream_update") == "I"
        await tavern.send("stream.delta", stream_id="s", seq=2, text="thinking", channel="reasoning")
        await tavern.send("stream.delta", stream_id="s", seq=3, text=" am")
        assert await bot.next("stream_update") == "I am"
        await tavern.send("stream.delta", stream_id="s", seq=4, text="You are", replace=True)
        assert await bot.next("stream_update") == "You are"
        await tavern.send("stream.end", stream_id="s", seq=4, text="You are.", reason="stop")
        assert await bot.next("stream_update") == "You are."


async def test_a_program_sends_and_sees_the_reply(hub: House) -> None:
    async with extension(hub) as tab, program(hub) as bot:
        await tab.send("chat_history", HELLO)
        while await bot.texts("chat_history") != ["Welcome."]:
            pass
        await bot.send("send_message", "How are you?")
        assert await tab.next("send_message") == "How are you?"
        await tab.send("chat_history", ASKED)
        assert len(await bot.texts("chat_history")) == 2
        await tab.send("stream_update", "I am")
        assert await bot.next("stream_update") == "I am"
        await tab.send("chat_history", ANSWERED)
        assert (await bot.texts("chat_history"))[-1] == "I am well."


async def test_a_long_chat_arrives_whole(hub: House) -> None:
    async with hub.peer("tavern", id="t1") as tavern:
        for page in range(5):
            ops: list[dict[str, Any]] = [{"op": "reset", "index": 0}] if page == 0 else []
            for index in range(page * 500, page * 500 + 500):
                message = {"name": "You", "role": "user", "text": str(index)}
                ops.append({"op": "insert", "index": index, "message": message})
            await tavern.result("chat.update", chat_id="c", ops=ops, loading=page < 4)
        async with program(hub) as bot:
            assert await bot.texts("chat_history") == [str(index) for index in range(2_500)]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", "invalid_json"),
        ("[]", "invalid_message"),
        ('{"type":"nonsense"}', "unknown_type"),
        ('{"type":"send_message","content":5}', "invalid_message"),
        ('{"type":"chat_history","content":"x"}', "invalid_message"),
        ('{"type":"chat_history","content":[5]}', "invalid_message"),
    ],
)
async def test_a_wrong_frame_gets_its_error_and_the_line_stays(hub: House, frame: str, code: str) -> None:
    async with extension(hub) as tab, program(hub) as bot:
        await tab.socket.send(frame)
        assert (await tab.next("error"))["code"] == code
        await tab.send("send_message", "wrong way")
        assert (await tab.next("error"))["code"] == "not_for_this_role"
        await bot.send("chat_history", [])
        assert (await bot.next("error"))["code"] == "not_for_this_role"
        await tab.socket.send(b"binary")
        assert (await tab.next("error"))["code"] == "invalid_message"


async def test_a_key_is_needed_and_must_fit_the_door(hub: House) -> None:
    assert await status_of(hub, "/") == (401, "unauthorized")
    assert await status_of(hub, "/ws") == (401, "unauthorized")
    assert await status_of(hub, "/?token=wrong") == (401, "unauthorized")
    assert await status_of(hub, "/?token=" + hub.keys["app"]) == (403, "forbidden")
    assert await status_of(hub, "/ws?token=" + hub.keys["tavern"]) == (403, "forbidden")


async def test_without_a_key_only_by_the_setting_and_revocable(tmp_path: Path) -> None:
    async with open_house(tmp_path, chatbridge_without_key=True) as hub:
        async with hub.peer() as app, extension(hub, ""):
            (tavern,) = await app.result("tavern.list")
            assert tavern["online"]
        async with extension(hub, ""):
            names = [key.name for key in hub.runtime.core.keyring.listed()]
            assert names.count(KEYLESS_NAME) == 1
        assert await status_of(hub, "/?token=wrong") == (401, "unauthorized")
        assert await status_of(hub, "/ws") == (401, "unauthorized")
        hub.runtime.core.keyring.revoke(KEYLESS_NAME)
        assert await status_of(hub, "/") == (401, "key_revoked")


async def test_a_revoked_key_ends_both_doors(hub: House) -> None:
    async with extension(hub) as tab, program(hub) as bot:
        for role in ("app", "tavern"):
            hub.runtime.core.keyring.revoke(f"{role} of the test")
        hub.runtime.core.tick()
        for end in (tab, bot):
            with pytest.raises(ConnectionClosed):
                while True:
                    await soon(end.socket.recv())
            assert end.socket.close_code == 4401


async def test_the_token_is_in_no_log(hub: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        async with extension(hub) as tab:
            await tab.send("chat_history", HELLO)
        await status_of(hub, "/?token=" + hub.keys["app"])
    hub_logs = "".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("websockets")
    )
    assert hub.keys["tavern"].rsplit("_", 1)[1] not in hub_logs
    assert hub.keys["app"].rsplit("_", 1)[1] not in hub_logs
