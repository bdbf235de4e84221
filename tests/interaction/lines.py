"""A connection at each door of protocol v1 that asks many things at once: it sends everything, then reads every ack."""

from __future__ import annotations

import json
from typing import Protocol

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

__all__ = ["LINES", "Line", "PlainLine", "PollingLine", "SocketLine"]

Question = tuple[str, str]
"""A type, and its content as JSON."""


class Line(Protocol):
    """One peer."""

    async def enter(self, url: str, key: str, role: str) -> str | None:
        """Connect; return the code of the refusal, None when let in."""

    async def ask(self, questions: list[Question]) -> list[str | None]:
        """Send everything; return the code of each failure, None for what went well."""

    async def leave(self) -> None: ...


def _auth(key: str, role: str) -> dict[str, object]:
    return {"key": key, "role": role, "name": f"{role} of a test", "protocol": 1}


def _code(outcome: dict[str, object]) -> str | None:
    error = outcome.get("error")
    return str(error["code"]) if isinstance(error, dict) else None


class SocketLine:
    """`/socket.io/` over WebSocket."""

    _line: ClientConnection

    async def enter(self, url: str, key: str, role: str) -> str | None:
        address = url.replace("http", "ws", 1)
        self._line = await connect(f"{address}/socket.io/?EIO=4&transport=websocket", max_size=None)
        await self._line.recv()
        await self._line.send("40" + json.dumps(_auth(key, role)))
        answer = str(await self._line.recv())
        if answer.startswith("44"):
            await self._line.close()
            return str(json.loads(answer[2:])["data"]["code"])
        return None

    async def ask(self, questions: list[Question]) -> list[str | None]:
        for number, (type_, content) in enumerate(questions):
            await self._line.send(f"42{number}[{json.dumps(type_)},{content}]")
        answers: dict[int, str | None] = {}
        while len(answers) < len(questions):
            answers |= _acks([str(await self._line.recv())])
        return [answers[number] for number in range(len(questions))]

    async def leave(self) -> None:
        await self._line.close()


class PollingLine:
    """`/socket.io/` over long polling."""

    def __init__(self) -> None:
        self._http = httpx.AsyncClient(timeout=30)
        self._query = {"EIO": "4", "transport": "polling"}
        self._url = ""

    async def enter(self, url: str, key: str, role: str) -> str | None:
        self._url = f"{url}/socket.io/"
        opened = await self._http.get(self._url, params=self._query)
        self._query["sid"] = json.loads(opened.text[1:])["sid"]
        await self._http.post(self._url, params=self._query, content="40" + json.dumps(_auth(key, role)))
        answer = (await self._http.get(self._url, params=self._query)).text.split("\x1e")[0]
        if answer.startswith("44"):
            await self.leave()
            return str(json.loads(answer[2:])["data"]["code"])
        return None

    async def ask(self, questions: list[Question]) -> list[str | None]:
        packets = [
            f"42{number}[{json.dumps(type_)},{content}]" for number, (type_, content) in enumerate(questions)
        ]
        posted = await self._http.post(self._url, params=self._query, content="\x1e".join(packets))
        assert posted.status_code == 200
        answers: dict[int, str | None] = {}
        while len(answers) < len(questions):
            answers |= _acks((await self._http.get(self._url, params=self._query)).text.split("\x1e"))
        return [answers[number] for number in range(len(questions))]

    async def leave(self) -> None:
        await self._http.aclose()


def _acks(packets: list[str]) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    for packet in packets:
        if packet.startswith("43"):
            number, _, body = packet[2:].partition("[")
            found[int(number)] = _code(json.loads(f"[{body}")[0])
    return found


class PlainLine:
    """`/ws` with protocol v1."""

    _line: ClientConnection

    async def enter(self, url: str, key: str, role: str) -> str | None:
        address = url.replace("http", "ws", 1)
        self._line = await connect(
            f"{address}/ws", subprotocols=[Subprotocol("tavernlink.v1")], max_size=None
        )
        await self._line.send(json.dumps({"type": "hello", "content": _auth(key, role)}))
        first = json.loads(await self._line.recv())
        if first["type"] != "welcome":
            await self._line.close()
            return str(first["content"]["code"])
        return None

    async def ask(self, questions: list[Question]) -> list[str | None]:
        for number, (type_, content) in enumerate(questions):
            await self._line.send(f'{{"type":{json.dumps(type_)},"content":{content},"id":{number}}}')
        answers: dict[int, str | None] = {}
        while len(answers) < len(questions):
            frame = json.loads(await self._line.recv())
            if frame["type"] == "ack":
                answers[frame["id"]] = _code(frame["content"])
        return [answers[number] for number in range(len(questions))]

    async def leave(self) -> None:
        await self._line.close()


LINES: list[type[Line]] = [SocketLine, PollingLine, PlainLine]
