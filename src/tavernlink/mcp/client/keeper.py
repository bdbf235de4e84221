"""One MCP server of the settings: started, kept, started again with back-off, and its tools offered as functions.

starting ──► running ──► waiting ──► starting …        a provider of functions while it runs
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import mcp_types as types
import structlog
from mcp import MCPError

from tavernlink.errors import GenerationError, TavernlinkError, Unavailable, error_from_code
from tavernlink.mcp.client.link import Link, open_link
from tavernlink.mcp.client.results import result_of
from tavernlink.protocol.functions import FunctionSpec, ProviderInfo
from tavernlink.protocol.mcp import McpServerInfo, McpServerState
from tavernlink.sdk.backoff import Backoff

if TYPE_CHECKING:
    from tavernlink.config.mcp import McpServer
    from tavernlink.core.functions.call import Call
    from tavernlink.core.functions.functions import Functions

__all__ = ["Keeper"]

_log = structlog.get_logger("tavernlink.mcp")
_SHORTEST, _LONGEST = 1.0, 60.0
_STEADY = 60.0
"""Seconds after which a server that ran counts as well again."""
_NAME = 128


class Keeper:
    """The server `name`. Runs from `start` to `stop`."""

    def __init__(self, name: str, settings: McpServer, functions: Functions) -> None:
        self.settings = settings
        self._name = name
        self._functions = functions
        self._backoff = Backoff(random.random, shortest=_SHORTEST, longest=_LONGEST)
        self._task: asyncio.Task[None] | None = None
        self._again = asyncio.Event()
        self._link: Link | None = None
        self._tools: dict[str, types.Tool] = {}
        """Name of the function → the tool that it is."""
        self._addresses: list[str] = []
        self._calls: dict[str, asyncio.Task[None]] = {}
        self._state: McpServerState = "starting"
        self._since = time.time()
        self._error: str | None = None
        self._told_error: str | None = None
        """What the log has heard: once is enough."""
        self._retry_at: float | None = None
        self._restarts = 0

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name=f"tavernlink-mcp-{self._name}")

    async def stop(self) -> None:
        """End the server, and every call that it works on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def restart(self) -> None:
        """Start it anew, at once."""
        self._restarts = 0
        self._backoff.reset()
        self._again.set()
        if self._link is not None:
            self._link.end(Unavailable("disconnected", "Restarted by hand."))

    def told(self) -> McpServerInfo:
        """How it is."""
        link = self._link
        return McpServerInfo(
            name=self._name,
            transport="http" if self.settings.url is not None else "stdio",
            state=self._state,
            since=self._since,
            error=self._error,
            retry_in=None
            if self._retry_at is None
            else round(max(0.0, self._retry_at - time.monotonic()), 1),
            restarts=self._restarts,
            server=link.about if link is not None else None,
            protocol=link.protocol if link is not None else None,
            tools=list(self._addresses),
        )

    # ── Provider ─────────────────────────────────────────────────────────────────────────────────────────
    @property
    def info(self) -> ProviderInfo:
        """Who provides its functions."""
        return ProviderInfo(kind="mcp", id=self._name, name=self._name, online=self._link is not None)

    def invoke(self, call: Call) -> None:
        """Start a call."""
        tool, link = self._tools.get(call.name), self._link
        if tool is None or link is None:
            call.fail(Unavailable("provider_gone", f"The MCP server {self._name!r} is not running."))
            return
        self._calls[call.call_id] = asyncio.create_task(self._call(call, tool.name, link))

    def cancel(self, call: Call) -> None:
        """Have the server told that nobody waits any more."""
        calling = self._calls.get(call.call_id)
        if calling is not None:
            calling.cancel()

    async def _call(self, call: Call, tool: str, link: Link) -> None:
        async def tell(progress: float, total: float | None, message: str | None) -> None:
            call.tell(progress, total, message)

        try:
            answer = await link.call(tool, call.args, call.timeout, tell)
            call.done(result_of(answer))
        except asyncio.CancelledError:
            call.fail(GenerationError("cancelled"))
            raise
        except TavernlinkError as error:
            call.fail(error)
        except MCPError as error:
            code = "provider_gone" if error.code == types.CONNECTION_CLOSED else "function_failed"
            call.fail(error_from_code(code, f"The MCP server {self._name!r}: {error.message[:2_000]}"))
        except Exception as error:  # noqa: BLE001 (what a server can make the SDK raise must not cost more than the call)
            call.fail(GenerationError("function_failed", f"The MCP server {self._name!r}: {error!r}"[:2_000]))
        finally:
            self._calls.pop(call.call_id, None)

    # ── Life ─────────────────────────────────────────────────────────────────────────────────────────────
    async def _run(self) -> None:
        try:
            while True:
                self._again.clear()
                self._become("starting")
                began = time.monotonic()
                try:
                    await self._serve()
                except TavernlinkError as error:
                    self._error = error.message
                except Exception as error:  # noqa: BLE001 (one server must not take the hub, or the next try, with it)
                    self._error = f"{error!r}"[:500]
                if time.monotonic() - began > _STEADY:
                    self._backoff.reset()
                self._restarts += 1
                await self._wait()
        finally:
            self._leave()

    async def _serve(self) -> None:
        async with open_link(self.settings) as link:
            self._link = link
            try:
                self._offer()
                self._error = None
                self._become("running")
                await link.watch(self._offer)
            finally:
                self._leave()

    async def _wait(self) -> None:
        delay = self._backoff.next()
        self._retry_at = time.monotonic() + delay
        self._become("waiting")
        try:
            async with asyncio.timeout(delay):
                await self._again.wait()
        except TimeoutError:
            pass
        finally:
            self._retry_at = None

    def _become(self, state: McpServerState) -> None:
        self._state, self._since = state, time.time()
        if state == "waiting" and self._told_error != self._error:
            self._told_error = self._error
            _log.warning("mcp.server_away", server=self._name, why=self._error, restarts=self._restarts)
        elif state == "running":
            self._told_error = None
            _log.info("mcp.server_running", server=self._name, tools=len(self._tools))

    def _offer(self) -> None:
        """Make functions of the tools as they are now; one that the hub cannot take is left out."""
        self._tools = _named(self._link.tools if self._link is not None else ())
        specs = [self._spec(name, tool) for name, tool in self._tools.items()]
        try:
            self._addresses = self._functions.provide(self, specs)
        except TavernlinkError:
            self._addresses = self._functions.provide(self, self._good(specs))

    def _good(self, specs: Sequence[FunctionSpec]) -> list[FunctionSpec]:
        good = []
        for spec in specs:
            try:
                self._functions.provide(self, [spec])
            except TavernlinkError as error:
                _log.warning("mcp.tool_left_out", server=self._name, tool=spec.name, why=error.message)
            else:
                good.append(spec)
        return good

    def _spec(self, name: str, tool: types.Tool) -> FunctionSpec:
        title = tool.title or (tool.annotations.title if tool.annotations else None)
        return FunctionSpec(
            name=name,
            description=(tool.description or "")[:10_000],
            parameters=_plain(tool.input_schema),
            title=title[:200] if title else None,
            tool=self.settings.offer,
            timeout=self.settings.timeout,
        )

    def _leave(self) -> None:
        """Nothing of it is there any more."""
        self._link = None
        self._tools, self._addresses = {}, []
        for calling in list(self._calls.values()):
            calling.cancel()
        self._functions.withdraw(self)


def _named(tools: Sequence[types.Tool]) -> dict[str, types.Tool]:
    """Give each tool a name that functions may have; two do not get the same one."""
    named: dict[str, types.Tool] = {}
    for tool in tools:
        base = re.sub(r"[^A-Za-z0-9_.-]", "_", tool.name)[:_NAME].lstrip(".-") or "tool"
        name, number = base, 2
        while name in named:
            name, number = f"{base[: _NAME - 4]}_{number}", number + 1
        named[name] = tool
    return named


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "$schema"}
