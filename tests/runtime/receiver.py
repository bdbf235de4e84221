"""A program that receives webhooks: a real HTTP server on loopback that answers as it is told."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

__all__ = ["Post", "Receiver"]


class Post:
    """One request as it came."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path = path
        self.headers = headers
        self.body = body

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def text(self) -> str:
        return str(json.loads(self.body)["data"]["text"])


Answer = int | tuple[int, dict[str, str]] | str
"""A status, one with headers, `reset` (the line is cut) or `silence` (no answer ever comes)."""


class Receiver:
    """Inside `async with` it listens; `posts` is everything that came, in order."""

    def __init__(
        self,
        answer: Callable[[Post], Answer] = lambda _: 200,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answer = answer
        self._tls = tls
        self.posts: list[Post] = []
        self.port = port
        self._arrived = asyncio.Condition()
        self._lines: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for line in self._lines:
            line.close()
        await self._server.wait_closed()

    async def until(self, enough: Callable[[list[Post]], bool], seconds: float = 100) -> list[Post]:
        """Wait until what came is enough."""
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: enough(self.posts))
        return self.posts

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers["content-length"]))
            post = Post(head[0].split(" ")[1], headers, body)
            answer = self.answer(post)
            if answer != "silence" and answer != "reset":
                status, more = answer if isinstance(answer, tuple) else (int(answer), {})
                lines = [f"HTTP/1.1 {status} X", "content-length: 0", "connection: close"]
                lines += [f"{name}: {value}" for name, value in more.items()]
                writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
                await writer.drain()
            elif answer == "reset":
                writer.transport.abort()
            async with self._arrived:
                self.posts.append(post)
                self._arrived.notify_all()
            if answer == "silence":
                await reader.read()  # until the sender gives up
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._lines.discard(writer)
            writer.close()


def content_of(post: Post) -> Any:
    return json.loads(post.body)
