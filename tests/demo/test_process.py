"""A child process ends with us, whatever happens to it or to us."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tavernlink.demo.process import NODE_WATCH_PARENT, ChildProcess, log_tail

NODE = shutil.which("node") or "node"
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups are POSIX")


def write(folder: Path, name: str, source: str) -> str:
    path = folder / name
    path.write_text(source, "utf-8")
    return str(path)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that only another process knows of, and that therefore has no event here."""
    async with asyncio.timeout(20):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


async def until_logged(log: Path, text: str) -> str:
    """Wait until the log has this text; the whole log."""
    await until(lambda: log.exists() and text in log.read_text("utf-8"))
    return await asyncio.to_thread(log.read_text, "utf-8")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text("utf-8").rpartition(")")[2].split()[0] != "Z"


async def test_output_goes_to_the_log_and_the_exit_status_is_known(tmp_path: Path) -> None:
    script = write(tmp_path, "a.py", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    child = await ChildProcess.start([sys.executable, "-u", script], log=tmp_path / "log", cwd=tmp_path)
    assert await child.wait(20) == 3
    await child.stop()
    assert sorted(log_tail(tmp_path / "log").split()) == ["err", "out"]


async def test_waiting_is_bounded(tmp_path: Path) -> None:
    child = await ChildProcess.start([sys.executable, "-c", "input()"], log=tmp_path / "log", cwd=tmp_path)
    assert await child.wait(0.05) is None
    await child.stop()
    assert child.exit_code is not None


async def test_a_node_child_gets_to_clean_up(tmp_path: Path) -> None:
    script = write(
        tmp_path,
        "a.mjs",
        "process.on('SIGTERM', () => { console.log('cleaned up'); process.exit(0); });"
        "setInterval(() => {}, 1000); console.log('ready');",
    )
    child = await ChildProcess.start([NODE, *NODE_WATCH_PARENT, script], log=tmp_path / "log", cwd=tmp_path)
    await until_logged(tmp_path / "log", "ready")
    await child.stop()
    assert child.exit_code == 0
    assert "cleaned up" in log_tail(tmp_path / "log")


async def test_workers_and_forks_of_a_node_child_are_left_alone(tmp_path: Path) -> None:
    script = write(
        tmp_path,
        "a.mjs",
        "import { fork } from 'node:child_process'; import { Worker, isMainThread } from 'node:worker_threads';"
        "import { fileURLToPath } from 'node:url';"
        "const me = fileURLToPath(import.meta.url);"
        "if (process.argv[2]) setTimeout(() => process.send('fork lives'), 300);"
        "else if (!isMainThread) setTimeout(() => console.log('worker lives'), 300);"
        "else { new Worker(me); fork(me, ['x'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })"
        ".on('message', text => console.log(text)); }",
    )
    child = await ChildProcess.start([NODE, *NODE_WATCH_PARENT, script], log=tmp_path / "log", cwd=tmp_path)
    try:
        await until_logged(tmp_path / "log", "worker lives")
        await until_logged(tmp_path / "log", "fork lives")
    finally:
        await child.stop()


@posix
async def test_a_child_that_does_not_listen_is_killed_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tavernlink.demo.process._KILL_AFTER_SECONDS", 0.3)
    script = write(
        tmp_path,
        "a.py",
        "import subprocess, sys, time\n"
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('grandchild', grandchild.pid, flush=True)\n"
        "time.sleep(600)\n",
    )
    child = await ChildProcess.start([sys.executable, script], log=tmp_path / "log", cwd=tmp_path)
    written = await until_logged(tmp_path / "log", "grandchild")
    await child.stop()
    assert child.exit_code == -signal.SIGKILL
    grandchild = int(written.split()[1])
    await until(lambda: not is_alive(grandchild))


@posix
async def test_a_node_child_ends_when_we_are_killed(tmp_path: Path) -> None:
    node = write(tmp_path, "a.mjs", "setInterval(() => {}, 1000); console.log('node', process.pid);")
    parent = write(
        tmp_path,
        "parent.py",
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from tavernlink.demo.process import NODE_WATCH_PARENT, ChildProcess\n"
        "async def main():\n"
        f"    await ChildProcess.start([{NODE!r}, *NODE_WATCH_PARENT, {node!r}],"
        f" log=Path({str(tmp_path / 'node.log')!r}), cwd=Path({str(tmp_path)!r}))\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n",
    )
    child = await ChildProcess.start([sys.executable, parent], log=tmp_path / "log", cwd=tmp_path)
    pid = int((await until_logged(tmp_path / "node.log", "node")).split()[1])
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: not is_alive(pid))
    await child.stop()


def test_a_log_that_is_not_there_has_no_end(tmp_path: Path) -> None:
    assert log_tail(tmp_path / "none") == ""
