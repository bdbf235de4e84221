"""`make demo`: the whole way with one command, and nothing of it left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import tavernlink
from tavernlink.demo.listener import free_port, is_free
from tavernlink.demo.sillytavern import SillyTavern
from tests.e2e.patience import LOAD_SECONDS, PATIENCE

pytestmark = pytest.mark.timeout(300)

FACTS = {"hub", "app_key", "admin_key", "tavern_key", "sillytavern", "sillytavern_data", "model"}


@contextlib.asynccontextmanager
async def demo(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The demo as its own process; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tavernlink.demo.run",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def processes_about(text: str) -> list[str]:
    """Command lines of the processes that name `text`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if text in command:
                found.append(command)
    return found


def has_data(facts: dict[str, str]) -> bool:
    return Path(facts["sillytavern_data"]).is_dir()


def port_of(url: str) -> int:
    return int(url.removesuffix("/v1").rpartition(":")[2])


async def nothing_is_left(facts: dict[str, str]) -> None:
    """Every address is free again, and no process works on the demo's data."""
    async with asyncio.timeout(PATIENCE):
        while processes_about(str(Path(facts["sillytavern_data"]).parent)):  # noqa: ASYNC110  # not our children
            await asyncio.sleep(0.05)
    assert all(is_free(port_of(facts[name])) for name in ("hub", "sillytavern", "model"))


async def test_once_ends_with_0_after_a_streamed_reply_and_leaves_nothing(sillytavern: SillyTavern) -> None:
    assert sillytavern.url  # installed and prepared already
    port = free_port()
    async with demo("--once", "--json", "--port", str(port)) as process:
        output, progress = await process.communicate()
    said = progress.decode()
    assert process.returncode == 0, said
    question = next(line for line in said.splitlines() if line.startswith("You: "))
    marker = question.rstrip(".").rpartition(" ")[2]
    reply = next(line for line in said.splitlines() if line.startswith("Seraphina: "))
    assert marker in reply
    facts = json.loads(output)
    assert set(facts) == FACTS
    assert facts["hub"] == f"http://127.0.0.1:{port}"
    await nothing_is_left(facts)
    assert not has_data(facts)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM does not exist there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_it_stays_usable_until_a_signal_and_takes_everything_with_it(
    number: signal.Signals, tmp_path: Path
) -> None:
    async with demo("--json", "--data-dir", str(tmp_path / "data"), "--port", "0") as process:
        assert process.stdout
        async with asyncio.timeout(LOAD_SECONDS):
            facts = json.loads(await process.stdout.readline())
        assert has_data(facts)
        async with tavernlink.connect(facts["hub"], facts["app_key"]) as hub:
            result = await hub.tavern().send("Marker-99 [tokens=30]")
        assert "Marker-99" in result.text
        async with tavernlink.connect(facts["hub"], facts["admin_key"]) as hub:
            page = await hub.logs.list()
        assert "peer.connected" in {line.text for line in page.lines}
        process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            _, progress = await process.communicate()
    assert process.returncode == (0 if number != signal.SIGKILL else -signal.SIGKILL), progress.decode()
    await nothing_is_left(facts)
    chats = (Path(facts["sillytavern_data"]) / "default-user" / "chats").rglob("*.jsonl")
    assert any("Marker-99" in path.read_text("utf-8") for path in chats)


async def test_a_model_server_that_is_not_there_is_a_clear_failure() -> None:
    dead = f"http://127.0.0.1:{free_port()}/v1"
    async with demo("--once", "--port", "0", "--model-url", dead) as process:
        output, _ = await process.communicate()
    assert process.returncode == 1
    assert "The demo failed: The model server at" in output.decode()
    assert "--model-url" in output.decode()
