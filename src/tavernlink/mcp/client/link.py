"""One connection to an MCP server, from its first message to its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
import mcp_types as types
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.shared.dispatcher import ProgressFnT
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from tavernlink.errors import Unavailable
from tavernlink.mcp import HUB_AS_CLIENT
from tavernlink.mcp.client.lines import BOUNDED, TOO_LONG
from tavernlink.mcp.client.stderr import Stderr
from tavernlink.mcp.client.stream import Watched
from tavernlink.version import __version__

if TYPE_CHECKING:
    from tavernlink.config.mcp import McpServer

__all__ = ["Link", "open_link"]

_START_SECONDS = 60.0
"""For the first answer; `npx` and `uvx` may have to fetch the server first."""
_BEAT_SECONDS = 30.0
_ANSWER_SECONDS = 15.0
_LATE_SECONDS = 5.0
"""A call's time is the hub's to end; the SDK does where that fails."""
_MOST_RUBBISH = 100
"""Lines that are no message, after which a server is given up."""
_MOST_TOOLS = 1_000
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

# What a server sends is its own affair and may hold secrets: the SDK would write it into our log, line by line.
logging.getLogger("mcp.client").setLevel(logging.CRITICAL)


class Link:
    """A server that has answered. `watch` runs until it is gone."""

    def __init__(self, client: Client, settings: McpServer) -> None:
        self.tools: list[types.Tool] = []
        """Those that the settings let through."""
        self.running = 0
        """Calls under way."""
        self.ended: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        """The server has ended the line, and why."""
        self._client = client
        self._settings = settings
        self._changed = asyncio.Event()
        self._rubbish = 0

    @property
    def about(self) -> str | None:
        """What the server calls itself, with its version."""
        info = self._client.server_info
        return f"{info.title or info.name} {info.version}".strip()[:200] if info is not None else None

    @property
    def protocol(self) -> str:
        """Version of MCP."""
        return self._client.protocol_version

    async def call(
        self,
        tool: str,
        arguments: dict[str, Any],
        seconds: float,
        tell: ProgressFnT,
    ) -> types.CallToolResult:
        """Call a tool; cancelled, the server is told. Raises `MCPError`."""
        self.running += 1
        try:
            return await self._client.call_tool(
                tool, arguments, read_timeout_seconds=seconds + _LATE_SECONDS, progress_callback=tell
            )
        finally:
            self.running -= 1

    async def watch(self, changed: Callable[[], None]) -> None:
        """Keep `tools` true, calling `changed` after each change. Raises why the server is gone, always."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._listen)
            tasks.start_soon(self._refresh, changed)
            error = await self.ended
            raise error or Unavailable("disconnected", "The server ended.")

    async def receive(self, message: Any) -> None:
        """Take what the server says unasked."""
        if isinstance(message, types.ToolListChangedNotification):
            self._changed.set()
        elif isinstance(message, Exception):
            self._rubbish += 1
            if TOO_LONG in str(message):
                self.end(
                    Unavailable(
                        "unreachable", "It writes a line that does not end: none of MCP is that long."
                    )
                )
            elif self._rubbish == _MOST_RUBBISH:
                told = "It writes to its standard output what is not MCP. Is this the right command?"
                self.end(Unavailable("unreachable", told))

    def end(self, error: Exception | None = None) -> None:
        """The line is over."""
        if not self.ended.done():
            self.ended.set_result(error)

    async def read_tools(self) -> bool:
        """Fetch the list; True if it is another one than before. Raises `MCPError`."""
        found: list[types.Tool] = []
        cursor: str | None = None
        while len(found) < _MOST_TOOLS:
            page = await self._client.list_tools(cursor=cursor, cache_mode="refresh")
            found += page.tools
            cursor = page.next_cursor
            if cursor is None:
                break
        globs = self._settings.tools
        wanted = [tool for tool in found if any(fnmatchcase(tool.name, glob) for glob in globs)]
        is_other, self.tools = wanted != self.tools, wanted
        return is_other

    async def _refresh(self, changed: Callable[[], None]) -> None:
        """Look again when told, and now and then: not every server tells, and a dead one says nothing."""
        while not self.ended.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_BEAT_SECONDS):
                    await self._changed.wait()
            self._changed.clear()
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    if await self.read_tools():
                        changed()
            except (TimeoutError, MCPError, httpx2.HTTPError) as error:
                if not self.running:  # a server may do one thing at a time
                    self.end(
                        Unavailable("unreachable", f"The server does not answer any more: {_told(error)}")
                    )

    async def _listen(self) -> None:
        """Servers since 2026-07-28 tell of changes on a stream of its own."""
        if self._client.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            return
        with contextlib.suppress(ListenNotSupportedError, SubscriptionLost, MCPError, TimeoutError):
            async with self._client.listen(tools_list_changed=True) as events:
                async for _ in events:
                    self._changed.set()


@contextlib.asynccontextmanager
async def open_link(settings: McpServer) -> AsyncIterator[Link]:
    """Start or reach a server and learn its tools. Raises `Unavailable` with a sentence where that cannot be."""
    with Stderr() as stderr:
        link: Link | None = None

        async def receive(message: Any) -> None:
            if link is not None:
                await link.receive(message)

        def ended() -> None:
            if link is not None:
                link.end(Unavailable("disconnected", f"The server ended.{_said(stderr)}"))

        try:
            async with contextlib.AsyncExitStack() as stack:
                transport = await _transport(settings, stderr, stack)
                client = Client(
                    Watched(transport, ended),
                    message_handler=receive,
                    client_info=types.Implementation(name=HUB_AS_CLIENT, version=__version__),
                    cache=None,
                )
                link = Link(client, settings)
                await _start(link, client, stack)
                yield link
        except Exception as error:
            raise _as_unavailable(error, stderr) from error


async def _start(link: Link, client: Client, stack: contextlib.AsyncExitStack) -> None:
    """Say hello and learn the tools. Raises as soon as that cannot be."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_START_SECONDS) as limit:
            link.ended.add_done_callback(give_up := lambda _: limit.reschedule(loop.time()))
            await stack.enter_async_context(client)
            await link.read_tools()
            link.ended.remove_done_callback(give_up)
    except TimeoutError:
        if link.ended.done() and (why := link.ended.result()) is not None:
            raise why from None
        raise


async def _transport(settings: McpServer, stderr: Stderr, stack: contextlib.AsyncExitStack) -> Any:
    if settings.command is not None:
        parameters = StdioServerParameters(
            command=_filled(settings.command),
            args=[_filled(each) for each in settings.args],
            env=_all_filled(settings.env),
            cwd=settings.cwd,
            encoding=BOUNDED,
            encoding_error_handler="replace",
        )
        return stdio_client(parameters, errlog=stderr.file)
    http = httpx2.AsyncClient(
        headers=_all_filled(settings.headers), timeout=httpx2.Timeout(30.0, read=max(300.0, settings.timeout))
    )
    await stack.enter_async_context(http)
    return streamable_http_client(settings.url or "", http_client=http)


def _all_filled(values: Mapping[str, str]) -> dict[str, str]:
    return {name: _filled(value) for name, value in values.items()}


def _filled(value: str) -> str:
    """Put the hub's variables into a value. Raises `Unavailable` for one that is not set."""

    def variable(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            raise Unavailable("unreachable", f"The variable {match[1]} is not set in the hub's environment.")
        return found

    return _VARIABLE.sub(variable, value)


def _said(stderr: Stderr) -> str:
    return f" It said: {stderr.tail}" if stderr.tail else ""


def _as_unavailable(error: BaseException, stderr: Stderr) -> Unavailable:
    """Return what to tell of an error, out of however many groups it is wrapped in."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return (
        error
        if isinstance(error, Unavailable)
        else Unavailable("unreachable", f"{_told(error)}{_said(stderr)}")
    )


def _told(error: BaseException) -> str:
    if isinstance(error, MCPError) and error.code == types.CONNECTION_CLOSED:
        return "It ended before it had answered."
    if isinstance(error, TimeoutError):
        return "It did not answer in time."
    if isinstance(error, OSError) and error.strerror:
        return f"It cannot be started: {error.strerror}."
    return (str(error) or type(error).__name__)[:500].rstrip(".") + "."
