"""REST: the messages of the catalogue at their addresses."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import jsonschema
import pytest

from tavernlink.config import Settings
from tavernlink.core.access.permissions import ROUTES
from tavernlink.core.limits import HubLimits
from tavernlink.protocol.commands.catalogue import COMMANDS
from tests.http.house import House, open_house
from tests.http.scripted_tavern import Turn

CHAT = [
    {"op": "reset"},
    {"op": "insert", "index": 0, "message": {"name": "Seraphina", "role": "assistant", "text": "Welcome."}},
    {"op": "insert", "index": 1, "message": {"name": "You", "role": "user", "text": "Hello."}},
    {
        "op": "insert",
        "index": 2,
        "message": {"name": "Seraphina", "role": "assistant", "text": "How are you?"},
    },
]


def code(answer: httpx.Response) -> str:
    body = answer.json()
    assert body["ok"] is False
    assert body["error"]["message"]
    found: str = body["error"]["code"]
    return found


async def answering(turn: Turn) -> None:
    turn.reply("Hel", "lo.")


async def test_taverns_and_characters_are_listed(house: House) -> None:
    tavern = house.tavern()
    tavern.say("tavern.state", user="You", character="Seraphina", chat_id="c1", backend="openai/gpt")
    async with house.http() as http:
        taverns = (await http.get("/api/taverns")).json()
        characters = (await http.get("/api/characters")).json()
        of_one = (await http.get("/api/characters?tavern=Home")).json()
        of_none = await http.get("/api/characters?tavern=Elsewhere")
    assert taverns["ok"] is True
    assert taverns["result"][0]["tavern_id"] == "t-home"
    assert taverns["result"][0]["character"] == "Seraphina"
    assert characters["result"] == of_one["result"]
    assert characters["result"][0]["name"] == "Seraphina"
    assert (of_none.status_code, code(of_none)) == (404, "unknown_tavern")


async def test_the_chat_is_read_by_page_and_by_revision(house: House) -> None:
    tavern = house.tavern()
    tavern.say("chat.update", chat_id="c1", ops=CHAT)
    async with house.http() as http:
        last = (await http.get("/api/taverns/Home/chat?limit=1")).json()["result"]
        older = (await http.get("/api/taverns/t-home/chat?before=2&limit=5")).json()["result"]
        revision = last["revision"]
        tavern.say("chat.update", chat_id="c1", ops=[{"op": "remove", "index": 2}])
        since = (await http.get(f"/api/taverns/default/chat?since={revision}")).json()["result"]
        wrong = await http.get("/api/taverns/default/chat?limit=-1")
    assert (last["total"], [one["text"] for one in last["messages"]]) == (3, ["How are you?"])
    assert [(one["index"], one["text"]) for one in older["messages"]] == [(0, "Welcome."), (1, "Hello.")]
    assert [(one["op"], one["index"]) for one in since["ops"]] == [("remove", 2)]
    assert (wrong.status_code, code(wrong)) == (400, "invalid_message")


async def test_sending_is_accepted_at_once_and_its_end_is_found_under_its_address(house: House) -> None:
    tavern = house.tavern()
    async with house.http() as http:
        accepted = await http.post("/api/taverns/default/chat", json={"text": "Hello.", "as": "Bob"})
        assert accepted.status_code == 202
        address = accepted.headers["location"]
        running = (await http.get(address)).json()["result"]
        turn = await tavern.commands.get()
        turn.reply("Hi.")
        done = (await http.get(address)).json()["result"]
    assert (turn.name, turn.args["text"], turn.args["as"]) == ("send", "Hello.", "Bob")
    assert address == f"/api/requests/{accepted.json()['result']['request_id']}"
    assert running["state"] == "running"
    assert (done["state"], done["result"]["text"]) == ("done", "Hi.")


async def test_with_wait_the_answer_is_the_end(house: House) -> None:
    house.tavern(answering)
    async with house.http() as http:
        answer = await http.post("/api/taverns/default/chat?wait=true", json={"text": "Hello."})
    assert answer.status_code == 200
    result = answer.json()["result"]
    assert (result["state"], result["result"]["text"]) == ("done", "Hello.")


async def test_the_body_is_json_whatever_curl_calls_it(house: House) -> None:
    house.tavern(answering)
    async with house.http() as http:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await http.post(
            "/api/taverns/default/chat?wait=true", content=b'{"text": "Hi."}', headers=form
        )
    assert answer.status_code == 200


async def test_with_wait_a_failure_has_its_own_status(house: House) -> None:
    async def script(turn: Turn) -> None:
        turn.fail("no_backend", "SillyTavern is not connected to a model.")

    house.tavern(script)
    async with house.http() as http:
        answer = await http.post(
            "/api/taverns/default/generate?wait=1", json={"mode": "quiet", "prompt": "?"}
        )
    assert (answer.status_code, code(answer)) == (503, "no_backend")
    assert answer.json()["error"]["details"]["request_id"]


async def test_a_message_is_edited_and_deleted(house: House) -> None:
    async def script(turn: Turn) -> None:
        turn.done()

    tavern = house.tavern()
    tavern.say("chat.update", chat_id="c1", ops=CHAT)
    async with house.http() as http:
        edited = await http.patch(
            "/api/taverns/default/chat/messages/1", json={"text": "Good day.", "revision": 1}
        )
        edit = await tavern.commands.get()
        edit.done()
        tavern.script = script
        deleted = await http.delete("/api/taverns/default/chat/messages/1?count=2&wait=true")
        stale = await http.patch("/api/taverns/default/chat/messages/1", json={"text": "No.", "revision": 0})
        missing = await http.delete("/api/taverns/default/chat/messages/9")
    assert edited.status_code == 202
    assert (edit.name, edit.args) == ("edit", {"index": 1, "text": "Good day."})
    assert deleted.json()["result"]["state"] == "done"
    assert (stale.status_code, code(stale)) == (409, "stale_revision")
    assert stale.json()["error"]["details"]["revision"] == 1
    assert (missing.status_code, code(missing)) == (404, "unknown_message")


async def test_context_and_stop_are_asked_of_the_tavern_at_once(house: House) -> None:
    async def script(turn: Turn) -> None:
        if turn.name == "context":
            assert turn.args == {"last": 3}
            turn.done(character="Seraphina", total=7, settings={"model": "m"})
        else:
            turn.done(stopped=True)

    house.tavern(script)
    async with house.http() as http:
        context = (await http.get("/api/taverns/default/context?last=3")).json()["result"]
        stopped = (await http.post("/api/taverns/default/stop")).json()["result"]
    assert (context["character"], context["total"], context["settings"]["model"]) == ("Seraphina", 7, "m")
    assert stopped == {"stopped": True}


async def test_a_request_is_cancelled_by_delete_or_post(house: House) -> None:
    tavern = house.tavern()
    async with house.http() as http:
        first = (await http.post("/api/taverns/default/chat", json={"text": "1"})).headers["location"]
        second = (await http.post("/api/taverns/default/chat", json={"text": "2"})).headers["location"]
        assert (await http.get(second)).json()["result"]["position"] == 1
        waiting = await http.delete(second)
        await http.post(f"{first}/cancel")
        await tavern.cancelled.get()
        state = (await http.get(first)).json()["result"]["state"]
        unknown = await http.delete("/api/requests/nothing")
    assert waiting.json()["result"]["state"] == "cancelled"
    assert state == "cancelled"
    assert (unknown.status_code, code(unknown)) == (404, "unknown_request")


async def test_a_request_id_is_done_once_however_often_it_is_asked(house: House) -> None:
    asked = 0

    async def script(turn: Turn) -> None:
        nonlocal asked
        asked += 1
        turn.reply("Once.")

    house.tavern(script)
    body = {"text": "Hello.", "request_id": "mine"}
    async with house.http() as http:
        first = await http.post("/api/taverns/default/chat?wait=true", json=body)
        again = await http.post("/api/taverns/default/chat?wait=true", json=body)
        clash = await http.post("/api/taverns/default/chat", json={**body, "text": "Other."})
    assert first.json() == again.json()
    assert asked == 1
    assert (clash.status_code, code(clash)) == (409, "request_id_in_use")


async def test_a_request_id_may_be_any_text_and_cannot_write_into_the_headers(house: House) -> None:
    house.tavern()
    async with house.http() as http:
        body = {"text": "Hello.", "request_id": "mine\r\nX-Evil: 请求?"}
        accepted = await http.post("/api/taverns/default/chat", json=body)
        found = await http.get(accepted.headers["location"])
    assert "x-evil" not in accepted.headers
    assert found.json()["result"]["request_id"] == body["request_id"]


async def test_a_waiting_client_that_hangs_up_cancels_what_it_asked(house: House) -> None:
    tavern = house.tavern()
    async with house.http() as http:
        asking = asyncio.create_task(
            http.post("/api/taverns/default/chat?wait=true", json={"text": "Hello."})
        )
        turn = await tavern.commands.get()
        asking.cancel()
        assert await tavern.cancelled.get() == turn.id


async def test_a_waiting_client_that_named_its_request_can_come_back_for_it(house: House) -> None:
    tavern = house.tavern()
    body = {"text": "Hello.", "request_id": "mine"}
    async with house.http() as http:
        asking = asyncio.create_task(http.post("/api/taverns/default/chat?wait=true", json=body))
        turn = await tavern.commands.get()
        asking.cancel()
        turn.reply("Still here.")
        answer = await http.post("/api/taverns/default/chat?wait=true", json=body)
    assert answer.json()["result"]["result"]["text"] == "Still here."
    assert tavern.cancelled.empty()


@pytest.mark.parametrize(
    ("body", "status", "expected", "path"),
    [
        (b"", 400, "invalid_json", None),
        (b'{"text":', 400, "invalid_json", None),
        (b'{"text": "\xff"}', 400, "invalid_json", None),
        (b'{"text": 5}', 400, "invalid_message", "$.text"),
        (b"{}", 400, "invalid_message", "$"),
        (b"[]", 400, "invalid_message", "$"),
        (b'{"text": "Hi", "attachments": [{"name": 1}]}', 400, "invalid_message", "$.attachments[0].name"),
        (b'{"text": "Hi", "timeout": -1}', 400, "invalid_message", None),
        (b'{"text": "Hi", "room": "r"}', 404, "unknown_room", None),
    ],
)
async def test_a_bad_body_is_refused_with_its_place(
    house: House, body: bytes, status: int, expected: str, path: str | None
) -> None:
    house.tavern()
    async with house.http() as http:
        answer = await http.post("/api/taverns/default/chat", content=body)
    assert (answer.status_code, code(answer)) == (status, expected)
    if path is not None:
        assert answer.json()["error"]["details"]["path"] == path


async def test_a_body_nested_too_deep_is_refused(house: House) -> None:
    house.tavern()
    deep = b'{"params": {"x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}}"
    async with house.http() as http:
        answer = await http.post("/api/taverns/default/generate", content=deep)
    assert (answer.status_code, code(answer)) == (400, "invalid_json")


async def test_a_body_over_the_limit_is_refused_whether_announced_or_not() -> None:
    async def slowly() -> Any:
        for _ in range(4):
            yield b"x" * 1_000

    async with open_house(Settings(max_payload=2_000)) as house, house.http() as http:
        announced = await http.post("/api/taverns/default/chat", content=b"x" * 4_000)
        unannounced = await http.post("/api/taverns/default/chat", content=slowly())
        completion = await http.post("/v1/chat/completions", content=b"x" * 4_000)
        assert (await http.get("/api/taverns")).status_code == 200
    assert (announced.status_code, code(announced)) == (413, "too_large")
    assert (unannounced.status_code, code(unannounced)) == (413, "too_large")
    assert (completion.status_code, completion.json()["error"]["code"]) == (413, "too_large")


async def test_without_a_tavern_each_question_says_so(house: House) -> None:
    async with house.http() as http:
        chat = await http.get("/api/taverns/default/chat")
        send = await http.post("/api/taverns/default/chat", json={"text": "Hi"})
        unknown = await http.get("/api/taverns/Elsewhere/chat")
    assert (chat.status_code, code(chat)) == (503, "no_tavern")
    assert (send.status_code, code(send)) == (503, "no_tavern")
    assert int(send.headers["retry-after"]) > 0
    assert (unknown.status_code, code(unknown)) == (404, "unknown_tavern")


async def test_a_full_queue_says_when_to_come_back() -> None:
    async with open_house(limits=HubLimits(queue_length=1)) as house, house.http() as http:
        house.tavern()
        answers = [await http.post("/api/taverns/default/chat", json={"text": "Hi"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert (code(answers[2]), answers[2].headers["retry-after"]) == ("queue_full", "5")


async def test_an_unforeseen_error_is_told_as_internal_and_nothing_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a secret detail")

    monkeypatch.setattr(house.runtime, "open_app", explode)
    async with house.http() as http:
        answer = await http.get("/api/taverns")
    assert (answer.status_code, code(answer)) == (500, "internal")
    assert "secret" not in answer.text


async def test_the_openapi_description_is_whole(house: House) -> None:
    async with house.http() as http:
        answer = await http.get("/api/schema")
        assert (await http.get("/api/schema/redoc")).status_code == 404
    schema = answer.json()
    assert schema["openapi"].startswith("3.1")
    listed = {path for _, path in ROUTES if path.startswith("/api/") and not path.startswith("/api/schema")}
    by_name = {f"/api/taverns/{{tavern}}/commands/{name}" for name in COMMANDS}
    assert set(schema["paths"]) == listed | by_name
    schemas = schema["components"]["schemas"]
    edit = schema["paths"]["/api/taverns/{tavern}/commands/message.edit"]["post"]
    assert edit["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/command.MessageEdit"
    }
    for name in (
        "command.MessageEdit",
        "ChatSend",
        "Generate",
        "TavernInfo",
        "RequestUpdate",
        "ChatView",
        "Accepted",
    ):
        jsonschema.Draft202012Validator.check_schema(schemas[name])
    text = json.dumps(schema)
    for reference in {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}:
        assert reference in schemas
    assert schema["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    events = schema["paths"]["/api/requests/{request_id}/events"]["get"]["responses"]["200"]
    assert "text/event-stream" in events["content"]
