"""Every door of the hub, as somebody outside meets it: one class for each, all with the same verbs.

A verb returns the code of the error that the door answers with, in whatever form the door's protocol gives it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

FOREIGN = "https://evil.example"
HERE = "http://127.0.0.1:8000"


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The texts of two keys of one hub."""

    app: str
    tavern: str


class Door(Protocol):
    """What a test does at a door."""

    def __init__(self, url: str, keys: Keys) -> None: ...

    async def enter(self, key: str | None, origin: str | None = None) -> str | None:
        """Connect; return the code of the refusal, None when let in."""

    async def send(self, type_: str, content: dict[str, Any]) -> str | None:
        """Send a message with the right key; return the code of its failure."""

    async def send_raw(self, data: str) -> str | None:
        """Send a message as it stands."""


def _code_of(body: str) -> str | None:
    """The code in an outcome, in OpenAI's error object, or in a refused upgrade."""
    error = json.loads(body).get("error")
    return error["code"] if error else None


async def _upgrade(url: str, origin: str | None, **options: Any) -> ClientConnection | str:
    headers = options.pop("additional_headers", {})
    if origin is not None:
        headers["Origin"] = origin
    try:
        return await connect(
            url.replace("http", "ws", 1), additional_headers=headers, max_size=None, **options
        )
    except InvalidStatus as error:
        code = _code_of((error.response.body or b"").decode())
        assert code is not None
        return code


class SocketIO:
    """`/socket.io/` over WebSocket, packet by packet."""

    def __init__(self, url: str, keys: Keys) -> None:
        self._url = f"{url}/socket.io/?EIO=4&transport=websocket"
        self._keys = keys

    async def _join(
        self, key: str | None, origin: str | None = None
    ) -> tuple[ClientConnection | None, str | None]:
        line = await _upgrade(self._url, origin)
        if isinstance(line, str):
            return None, line
        assert str(await line.recv()).startswith("0{")
        auth = {"role": "app", "name": "x", "protocol": 1, **({} if key is None else {"key": key})}
        await line.send("40" + json.dumps(auth))
        answer = str(await line.recv())
        if answer.startswith("44"):
            await line.close()
            return None, json.loads(answer[2:])["data"]["code"]
        assert answer.startswith("40")
        assert str(await line.recv()).startswith('42["welcome"')
        return line, None

    async def enter(self, key: str | None, origin: str | None = None) -> str | None:
        line, code = await self._join(key, origin)
        if line is not None:
            await line.close()
        return code

    async def send(self, type_: str, content: dict[str, Any]) -> str | None:
        line, _ = await self._join(self._keys.app)
        assert line is not None
        await line.send("421" + json.dumps([type_, content]))
        answer = str(await line.recv())
        await line.close()
        assert answer.startswith("431")
        outcome = json.loads(answer[3:])[0]
        return None if outcome["ok"] else outcome["error"]["code"]

    async def send_raw(self, data: str) -> str | None:
        line, _ = await self._join(self._keys.app)
        assert line is not None
        await line.send("421" + data)
        return await _reason_of_close(line)


async def _reason_of_close(line: ClientConnection) -> str | None:
    """How the hub ended a connection that had sent it something impossible."""
    try:
        while True:
            text = str(await line.recv())
            if '"closing"' in text:
                return json.loads(text[text.index("{") :].rstrip("]"))["code"]  # type: ignore[no-any-return]
    except ConnectionClosed as closed:
        return f"closed {closed.rcvd.code}" if closed.rcvd else "closed 1006"


class SocketIOPolling:
    """`/socket.io/` over long polling."""

    def __init__(self, url: str, keys: Keys) -> None:
        self._url = f"{url}/socket.io/"
        self._keys = keys

    async def _join(
        self, client: httpx.AsyncClient, key: str | None, origin: str | None = None
    ) -> tuple[dict[str, str], str | None]:
        query = {"EIO": "4", "transport": "polling"}
        headers = {} if origin is None else {"Origin": origin}
        opened = await client.get(self._url, params=query, headers=headers)
        if opened.status_code != 200:
            return {}, f"status {opened.status_code}"  # Engine.IO has error codes of its own here
        query["sid"] = json.loads(opened.text[1:])["sid"]
        auth = {"role": "app", "name": "x", "protocol": 1, **({} if key is None else {"key": key})}
        await client.post(self._url, params=query, content="40" + json.dumps(auth))
        answer = (await client.get(self._url, params=query)).text
        if answer.startswith("44"):
            return {}, json.loads(answer[2:])["data"]["code"]
        if "welcome" not in answer:
            await client.get(self._url, params=query)
        return query, None

    async def enter(self, key: str | None, origin: str | None = None) -> str | None:
        async with httpx.AsyncClient() as client:
            return (await self._join(client, key, origin))[1]

    async def send(self, type_: str, content: dict[str, Any]) -> str | None:
        async with httpx.AsyncClient() as client:
            query, _ = await self._join(client, self._keys.app)
            posted = await client.post(self._url, params=query, content="421" + json.dumps([type_, content]))
            assert posted.status_code == 200
            answer = (await client.get(self._url, params=query)).text
            outcome = json.loads(answer.removeprefix("431"))[0]
            return None if outcome["ok"] else outcome["error"]["code"]

    async def send_raw(self, data: str) -> str | None:
        async with httpx.AsyncClient() as client:
            query, _ = await self._join(client, self._keys.app)
            posted = await client.post(self._url, params=query, content="421" + data)
            if posted.status_code == 413:
                return "status 413"
            gone = await client.get(self._url, params=query)
            return f"status {gone.status_code}"


class PlainWebSocket:
    """`/ws` with protocol v1."""

    def __init__(self, url: str, keys: Keys) -> None:
        self._url = f"{url}/ws"
        self._keys = keys

    async def _join(
        self, key: str | None, origin: str | None = None
    ) -> tuple[ClientConnection | None, str | None]:
        line = await _upgrade(self._url, origin, subprotocols=[Subprotocol("tavernlink.v1")])
        if isinstance(line, str):
            return None, line
        auth = {"name": "x", "protocol": 1, **({} if key is None else {"key": key})}
        await line.send(json.dumps({"type": "hello", "content": auth}))
        first = json.loads(await line.recv())
        if first["type"] != "welcome":
            await line.close()
            return None, first["content"]["code"]
        return line, None

    async def enter(self, key: str | None, origin: str | None = None) -> str | None:
        line, code = await self._join(key, origin)
        if line is not None:
            await line.close()
        return code

    async def send(self, type_: str, content: dict[str, Any]) -> str | None:
        return await self.send_raw(json.dumps({"type": type_, "content": content, "id": 1}))

    async def send_raw(self, data: str) -> str | None:
        line, _ = await self._join(self._keys.app)
        assert line is not None
        await line.send(data)
        try:
            answer = json.loads(await line.recv())
        except ConnectionClosed as closed:
            return f"closed {closed.rcvd.code}" if closed.rcvd else "closed 1006"
        await line.close()
        assert answer["type"] == "ack"
        outcome = answer["content"]
        return None if outcome["ok"] else outcome["error"]["code"]


class BearerWebSocket(PlainWebSocket):
    """`/ws` with protocol v1 and the key in the header of the upgrade."""

    async def _join(
        self, key: str | None, origin: str | None = None
    ) -> tuple[ClientConnection | None, str | None]:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        line = await _upgrade(
            self._url, origin, subprotocols=[Subprotocol("tavernlink.v1")], additional_headers=headers
        )
        if isinstance(line, str):
            return None, line
        if key is None:  # without one, the first frame must be a hello
            await line.send(json.dumps({"type": "tavern.list", "id": 1}))
        first = json.loads(await line.recv())
        if first["type"] != "welcome":
            await line.close()
            return None, first["content"]["error"]["code"]
        return line, None


class Bridge:
    """The two doors of the ChatBridge dialect."""

    path = "/ws"

    def __init__(self, url: str, keys: Keys) -> None:
        self._url = url + self.path
        self._keys = keys

    @property
    def _key(self) -> str:
        return self._keys.app

    async def _join(self, key: str | None, origin: str | None = None) -> ClientConnection | str:
        return await _upgrade(self._url + ("" if key is None else f"?token={key}"), origin)

    async def enter(self, key: str | None, origin: str | None = None) -> str | None:
        if key == self._keys.app:
            key = self._key
        line = await self._join(key, origin)
        if isinstance(line, str):
            return line
        await line.close()
        return None

    async def send(self, type_: str, content: dict[str, Any]) -> str | None:
        if type_ == "chat.send":
            return await self.send_raw(json.dumps({"type": "send_message", "content": content["text"]}))
        return await self.send_raw(json.dumps({"type": type_, "content": content}))

    async def send_raw(self, data: str) -> str | None:
        line = await self._join(self._key)
        assert not isinstance(line, str)
        await line.send(data)
        try:
            while True:
                answer = json.loads(await line.recv())
                if answer["type"] == "error":
                    await line.close()
                    return answer["content"]["code"]  # type: ignore[no-any-return]
        except ConnectionClosed as closed:
            return f"closed {closed.rcvd.code}" if closed.rcvd else "closed 1006"


class BridgeExtension(Bridge):
    """The door on `/`."""

    path = "/"

    @property
    def _key(self) -> str:
        return self._keys.tavern


class Rest:
    """`/api`."""

    _paths = {"tavern.list": ("GET", "/api/taverns")}

    def __init__(self, url: str, keys: Keys) -> None:
        self._url = url
        self._keys = keys

    async def _ask(
        self, method: str, path: str, key: str | None, origin: str | None = None, data: str | None = None
    ) -> str | None:
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        if origin is not None:
            headers["Origin"] = origin
        async with httpx.AsyncClient() as client:
            answer = await client.request(method, self._url + path, headers=headers, content=data)
        return _code_of(answer.text)

    async def enter(self, key: str | None, origin: str | None = None) -> str | None:
        return await self._ask("GET", "/api/taverns", key, origin)

    async def send(self, type_: str, content: dict[str, Any]) -> str | None:
        if type_ != "chat.send":
            return await self._ask("GET", f"/api/{type_}", self._keys.app)
        tavern = content.pop("tavern", "default")
        return await self._ask(
            "POST", f"/api/taverns/{tavern}/chat", self._keys.app, data=json.dumps(content)
        )

    async def send_raw(self, data: str) -> str | None:
        return await self._ask("POST", "/api/taverns/default/chat", self._keys.app, data=data)


class OpenAI(Rest):
    """`/v1`."""

    async def enter(self, key: str | None, origin: str | None = None) -> str | None:
        return await self._ask("GET", "/v1/models", key, origin)

    async def send(self, type_: str, content: dict[str, Any]) -> str | None:
        if type_ != "chat.send":
            return await self._ask("GET", f"/v1/{type_}", self._keys.app)
        model = f"{content['tavern']}/Seraphina" if "tavern" in content else "default"
        body = {"model": model, "messages": [{"role": "user", "content": content["text"]}]}
        return await self.send_raw(json.dumps(body))

    async def send_raw(self, data: str) -> str | None:
        return await self._ask("POST", "/v1/chat/completions", self._keys.app, data=data)
