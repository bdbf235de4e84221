"""A TCP proxy that a test can cut: every connection through it drops at once, without a goodbye."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class CuttingProxy:
    """Forwards bytes to the hub at `url`; its own address is `.url`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._target = (parts.hostname, parts.port)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self.connections = 0
        """How many came so far."""
        self._came = asyncio.Condition()
        self.forwarded = 0
        """Bytes that went to the client so far."""
        self.cut_after: int | None = None
        """Cut when so many bytes have gone to the client in all."""
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def cut(self) -> None:
        """Drop everything that is open now."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def connected(self, times: int) -> None:
        """Wait until so many connections have come."""
        async with self._came:
            await self._came.wait_for(lambda: self.connections >= times)

    async def passable(self) -> None:
        """Wait until bytes may pass; here they always may."""

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._came:
            self.connections += 1
            self._came.notify_all()
        try:
            there, back = await asyncio.open_connection(*self._target)
        except OSError:  # nobody listens there just now
            writer.transport.abort()
            return
        for source, sink, counts in ((reader, back, False), (there, writer, True)):
            self._writers.add(sink)
            task = asyncio.create_task(self._pump(source, sink, counts=counts))
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(4096):
                await self.passable()
                if counts and self.cut_after is not None and self.forwarded + len(data) >= self.cut_after:
                    sink.write(data[: self.cut_after - self.forwarded])  # mostly in the middle of a frame
                    self.forwarded, self.cut_after = self.cut_after, None
                    self.cut()
                    break
                if counts:
                    self.forwarded += len(data)
                sink.write(data)
                await sink.drain()
        self._writers.discard(sink)
        sink.transport.abort()
