"""One SillyTavern server process on one data folder, from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from tavernlink.demo import tavern_data
from tavernlink.demo.errors import DemoError
from tavernlink.demo.install import find_node
from tavernlink.demo.listener import free_port, is_free
from tavernlink.demo.process import NODE_WATCH_PARENT, ChildProcess, log_tail

__all__ = ["ServerProcess"]

_PROBE_SECONDS = 0.1
_LISTENING = "SillyTavern is listening on"  # an answer alone might be that of another server on the port
_PORT_TRIES = 3


class ServerProcess:
    """The server process on one data folder."""

    def __init__(self, program: Path, data: Path, *, listen: bool = False) -> None:
        """`listen`: as SillyTavern has it for a server that others reach; it then may ask for a password."""
        self._program = program
        self._listen = str(listen).lower()
        self._data = data
        self._process: ChildProcess | None = None
        self.log = data / "server.log"
        self.port = 0

    async def start(self, port: int, *, limit: float) -> None:
        """Start and wait until it answers, at most `limit` seconds.

        A free port that was lost to someone else in between is tried again.
        """
        if port and not is_free(port):  # its owner would be taken for our server
            raise DemoError(
                "sillytavern_failed", f"Port {port} is in use. Choose another one for SillyTavern."
            )
        for attempt in range(_PORT_TRIES):
            try:
                await self._start_on(port or free_port(), limit)
                return
            except DemoError:
                taken = "already in use" in log_tail(self.log)
                if port or not taken or attempt == _PORT_TRIES - 1:
                    raise

    async def _start_on(self, port: int, limit: float) -> None:
        self.port = port
        config = await asyncio.to_thread(tavern_data.write_config, self._data)
        self.log.unlink(missing_ok=True)
        command = [
            find_node(),
            *NODE_WATCH_PARENT,
            "server.js",
            "--port",
            str(port),
            "--dataRoot",
            str(self._data),
        ]
        command += ["--configPath", str(config), "--browserLaunchEnabled", "false", "--listen", self._listen]
        self._process = await ChildProcess.start(
            command, log=self.log, cwd=self._program, env={"NODE_ENV": "production"}
        )
        try:
            await self._wait_until_ready(self._process, limit)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the process and what it started."""
        if self._process:
            await self._process.stop()
            self._process = None

    async def _wait_until_ready(self, process: ChildProcess, limit: float) -> None:
        reason = f"it did not answer within {limit:.0f} s"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while not (_says(self.log, _LISTENING) and await _serves(self.port, "/")):
                    if (code := await process.wait(_PROBE_SECONDS)) is not None:
                        reason = f"it ended with status {code}"
                        break
                else:
                    # It serves its page even when its front-end libraries could not be compiled.
                    if await _serves(self.port, "/lib.js"):
                        return
                    reason = "its front-end libraries could not be compiled"
        raise DemoError(
            "sillytavern_failed",
            f"SillyTavern did not start on port {self.port}: {reason}. The end of {self.log}:\n{log_tail(self.log)}",
        )


def _says(log: Path, text: str) -> bool:
    return log.is_file() and text in log.read_text("utf-8", errors="replace")


async def _serves(port: int, path: str) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        # It serves too where it asks for a login first: accounts (302), basic authentication (401).
        line = await reader.readline()
        return any(status in line for status in (b" 200 ", b" 302 ", b" 401 "))
    except OSError:
        return False
    finally:
        writer.transport.abort()  # the body is of no interest
