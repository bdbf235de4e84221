"""A reverse proxy as small as one can be: adds what proxies add, may cut a sub-path off, and passes the rest on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class ReverseProxy:
    """Forwards requests, one for each connection, and WebSockets to the hub at `url`; its own address is `.url`."""

    def __init__(self, url: str, headers: Mapping[str, str], *, cut: str = "") -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._target = (parts.hostname, parts.port)
        self._headers = headers
        self._cut = cut
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        back: asyncio.StreamWriter | None = None
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            there, back = await asyncio.open_connection(*self._target)
            back.write(self._rewritten(head))
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            for each in (writer, back):
                if each is not None:
                    each.close()
            self._tasks.discard(task)

    def _rewritten(self, head: bytes) -> bytes:
        request, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        if self._cut:
            request = re.sub(rf" {re.escape(self._cut)}(?=[/? ])", " ", request, count=1).replace("  ", " / ")
        names = {name.lower() for name in self._headers}
        lines = [line for line in lines if line.partition(":")[0].lower() not in names]
        if not any(line.lower().startswith("upgrade:") for line in lines):
            lines = [line for line in lines if not line.lower().startswith("connection:")]
            lines.append("Connection: close")
        lines += [f"{name}: {value}" for name, value in self._headers.items()]
        return "\r\n".join([request, *lines, "", ""]).encode("latin-1")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
