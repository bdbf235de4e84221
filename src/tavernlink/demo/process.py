"""One child process with everything it starts: its output goes to a log file, and all of it ends with us.

A child is stopped by closing its standard input, then by a signal to its process group (POSIX) or `taskkill /T`
(Windows). A Node child watches that input (`NODE_WATCH_PARENT`), so it ends even when this process is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

__all__ = ["NODE_WATCH_PARENT", "ChildProcess", "log_tail"]

_WATCHED = "TAVERNLINK_PARENT_WATCHED"
_WATCH_PARENT = f"""
import {{ isMainThread }} from 'node:worker_threads';
if (isMainThread && process.env.{_WATCHED}) {{
    delete process.env.{_WATCHED};
    process.stdin.on('end', () => process.emit('SIGTERM') || process.exit(143)).resume();
}}"""
NODE_WATCH_PARENT = ("--import", "data:text/javascript," + quote(_WATCH_PARENT))
"""Arguments for node: when standard input ends, act as on SIGTERM (Windows has no such signal).

Worker threads and forked processes get the same arguments, but only the first process may watch: the variable is its
sign, and it takes it away.
"""

_KILL_AFTER_SECONDS = 5.0


class ChildProcess:
    """A running child. Make one with `await ChildProcess.start(…)`."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._exit = asyncio.create_task(process.wait(), name=f"child-{process.pid}")
        self.log = log

    @classmethod
    async def start(
        cls,
        command: Sequence[str | os.PathLike[str]],
        *,
        log: Path,
        cwd: Path,
        env: Mapping[str, str] | None = None,
    ) -> ChildProcess:
        """Start `command` in a process group of its own; `env` is added to this process's environment."""
        on_windows = sys.platform == "win32"
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=cwd,
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, **(env or {}), _WATCHED: "1"},
                start_new_session=not on_windows,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) if on_windows else 0,
            )
        return cls(process, log)

    @property
    def pid(self) -> int:
        """The child's process id; on POSIX also the id of its group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.returncode

    async def wait(self, seconds: float | None = None) -> int | None:
        """Wait for the end, at most this long; the exit status, or None when it still runs."""
        done, _ = await asyncio.wait({self._exit}, timeout=seconds)
        return self._exit.result() if done else None

    async def stop(self) -> None:
        """End the child and everything it started; returns when it is gone."""
        if self._process.stdin:
            with contextlib.suppress(ConnectionError):
                self._process.stdin.close()
        if await self.wait(_KILL_AFTER_SECONDS) is None:
            await self._kill_tree()
            await self.wait(_KILL_AFTER_SECONDS)
        elif sys.platform != "win32":
            self._signal_group(signal.SIGKILL)  # what it may have left behind

    async def _kill_tree(self) -> None:
        if sys.platform == "win32":
            killer = await asyncio.create_subprocess_exec(
                "taskkill", "/PID", str(self.pid), "/T", "/F", stdout=asyncio.subprocess.DEVNULL
            )
            await killer.wait()
        else:
            self._signal_group(signal.SIGKILL)

    if sys.platform != "win32":

        def _signal_group(self, number: signal.Signals) -> None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)


def log_tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log file, indented; empty when there is none."""
    try:
        text = log.read_text("utf-8", errors="replace")
    except OSError:
        return ""
    kept = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in kept[-lines:])
