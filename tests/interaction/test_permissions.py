"""Every (role, message type or route) pair is allowed or refused as the permission table says, on every door.

What is asked is misshapen on purpose, or names what is not there: whether it may be asked is decided before that is
looked at, so an allowed question is told `invalid_message`, and nothing that it would do is done.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tavernlink.app import Server
from tavernlink.config import load_settings
from tavernlink.core.access.keys import Key
from tavernlink.core.access.permissions import CONNECT, OPEN, ROUTES, SEND
from tavernlink.core.access.rights import may_run, may_send, may_use_route
from tavernlink.protocol.catalogue import CATALOGUE
from tavernlink.protocol.commands.catalogue import COMMANDS
from tests.interaction.lines import LINES, Line

pytestmark = pytest.mark.asyncio(loop_scope="module")

SUBJECTS: Mapping[str, tuple[str, list[str] | None]] = {
    # who → role, and the scopes that the key was narrowed to
    "admin": ("admin", None),
    "tavern": ("tavern", None),
    "app": ("app", None),
    "viewer": ("viewer", None),
    "an app that only reads": ("app", ["chat:read"]),
    "an app that only writes": ("app", ["chat:write"]),
    "a tavern without management": ("tavern", ["chat:read", "chat:write"]),
    "an admin of keys": ("admin", ["keys:manage"]),
    "an app without any scope": ("app", []),
}
TYPES = sorted(CATALOGUE)
MISSHAPEN = "[]"
WRONG = {"no such argument": 1}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A key and its text."""

    key: Key
    text: str


@dataclass(frozen=True, kw_only=True)
class House:
    """A hub and a key of every sort."""

    url: str
    subjects: Mapping[str, Subject]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    settings = {
        "port": 0,
        "data_dir": tmp_path_factory.mktemp("table"),
        "app_rate": 1e6,
        "http_rate": 1e6,
    }
    async with Server(load_settings(settings, {})) as server:
        keyring = server.runtime.core.keyring
        subjects = {}
        for who, (role, scopes) in SUBJECTS.items():
            key, text = keyring.create(role, who, scopes=scopes)  # type: ignore[arg-type] # a role
            subjects[who] = Subject(key=key, text=text)
        yield House(url=server.url, subjects=subjects)


def expected(key: Key, kind: str, type_: str) -> str:
    """The code that a misshapen message of this type gets from the hub, by the table alone."""
    if kind not in CATALOGUE[type_].senders or type_ == "hello":
        return "not_for_this_role"
    return "invalid_message" if may_send(key, type_) else "forbidden"


@pytest.mark.parametrize("kind", ["app", "tavern"])
@pytest.mark.parametrize("line_of", LINES)
@pytest.mark.parametrize("who", SUBJECTS)
async def test_on_every_door_of_the_protocol(house: House, who: str, line_of: type[Line], kind: str) -> None:
    subject = house.subjects[who]
    line = line_of()
    refusal = await line.enter(house.url, subject.text, kind)
    if subject.key.role not in CONNECT[kind]:
        assert refusal == "forbidden"
        return
    assert refusal is None
    codes = await line.ask([(type_, MISSHAPEN) for type_ in TYPES])
    await line.leave()
    assert dict(zip(TYPES, codes, strict=True)) == {
        type_: expected(subject.key, kind, type_) for type_ in TYPES
    }


async def test_the_table_tells_every_role_apart() -> None:
    """So that the test above cannot pass by a table that allows all, or nothing."""
    stage_keys = {
        role: Key(id=role, role=role, name=role, digest=b"", created=0.0)
        for role in ("admin", "tavern", "app", "viewer")
    }
    allowed = {role: {type_ for type_ in SEND if may_send(key, type_)} for role, key in stage_keys.items()}
    assert allowed["viewer"] < allowed["app"] < allowed["admin"]
    assert allowed["tavern"] < allowed["admin"]
    assert {"room.create", "key.create"} <= allowed["tavern"] - allowed["app"]
    assert {"chat.send", "generate"} <= allowed["app"] - allowed["viewer"] - allowed["tavern"]
    assert {"audit.list", "pairing.approve"} <= allowed["admin"] - allowed["app"] - allowed["tavern"]


def _address(template: str) -> str:
    """The address of a route with words in it that name nothing."""
    return template.replace("{index}", "7").replace("{file}", "0").replace("{", "no-such-").replace("}", "")


async def _code(http: httpx.AsyncClient, method: str, template: str) -> str | None:
    """The code of the error that a route answers with; None for an answer that is none."""
    options: dict[str, str] = {} if method in ("GET", "DELETE") else {"content": MISSHAPEN}
    path = _address(template) + ("?types=x" if template == "/api/events" else "")
    async with http.stream(
        method,
        path,
        headers={"Content-Type": "application/json"},
        **options,  # type: ignore[arg-type] # a body or none
    ) as answer:
        if answer.status_code < 400 and template == "/api/events":
            return None  # it never ends
        text = await answer.aread()
    if answer.status_code < 400 or "json" not in answer.headers["content-type"]:
        return None  # Litestar has a page for a schema that is not there
    body = json.loads(text)
    return str(body["error"]["code"])


@pytest.mark.parametrize("who", SUBJECTS)
async def test_on_every_route(house: House, who: str) -> None:
    subject = house.subjects[who]
    allowed, wanted = set(), set()
    async with httpx.AsyncClient(
        base_url=house.url, headers={"Authorization": f"Bearer {subject.text}"}, timeout=30
    ) as http:
        for method, template in ROUTES:
            code = await _code(http, method, template)
            assert code not in ("unauthorized", "invalid_api_key", "internal", "rate_limited"), (
                method,
                template,
            )
            if code != "forbidden":
                allowed.add((method, template))
            if may_use_route(subject.key, method, template):
                wanted.add((method, template))
    assert allowed == wanted


@pytest.mark.parametrize("who", SUBJECTS)
async def test_on_every_command(house: House, who: str) -> None:
    subject = house.subjects[who]
    line = LINES[0]()
    if await line.enter(house.url, subject.text, "app") is not None:
        assert not any(may_run(subject.key, name) for name in COMMANDS)
        return
    names = sorted(COMMANDS)
    codes = await line.ask([("command.run", json.dumps({"name": name, "args": WRONG})) for name in names])
    await line.leave()
    assert dict(zip(names, codes, strict=True)) == {
        name: "invalid_message" if may_run(subject.key, name) else "forbidden" for name in names
    }


async def test_without_a_key_only_the_open_routes_answer(house: House) -> None:
    async with httpx.AsyncClient(base_url=house.url, timeout=30) as http:
        for (method, template), need in ROUTES.items():
            code = await _code(http, method, template)
            # After many tries without a key the answer is to wait, which lets nobody in either.
            refused = code in ("unauthorized", "invalid_api_key", "rate_limited", "rate_limit_exceeded")
            assert refused == (need is not OPEN), (method, template, code)


@pytest.mark.parametrize(("path", "kind"), [("/", "tavern"), ("/ws", "app")])
@pytest.mark.parametrize("who", SUBJECTS)
async def test_on_the_doors_of_the_chatbridge_dialect(house: House, who: str, path: str, kind: str) -> None:
    subject = house.subjects[who]
    address = f"{house.url.replace('http', 'ws', 1)}{path}?token={subject.text}"
    if subject.key.role not in CONNECT[kind]:
        with pytest.raises(InvalidStatus) as caught:
            await connect(address)
        assert json.loads(caught.value.response.body or b"")["error"]["code"] == "forbidden"
        return
    async with connect(address) as line:
        for type_ in ("send_message", "chat_history"):
            content: object = "x" if type_ == "send_message" else []
            await line.send(json.dumps({"type": type_, "content": content}))
        await line.send(json.dumps({"type": "end of the test", "content": ""}))
        codes: list[str] = []
        while "unknown_type" not in codes:
            frame = json.loads(await line.recv())
            if frame["type"] == "error":
                codes.append(frame["content"]["code"])
    may_write = kind == "tavern" or may_send(subject.key, "chat.send")
    assert ("forbidden" in codes) == (not may_write)
    assert codes.count("not_for_this_role") == 1  # the one that comes from the other side
