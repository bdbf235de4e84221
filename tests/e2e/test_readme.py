"""The README's programs run as they stand there, but for address and key, against what `tavernlink demo` starts."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.docs.markdown import READMES, ROOT, examples

EXAMPLES = examples(READMES[0])


async def run(*command: str) -> str:
    """Run a program to its end and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, errors = await asyncio.wait_for(process.communicate(), 45)
    assert process.returncode == 0, f"{out.decode()}\n{errors.decode()}"
    return out.decode()


async def ready(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """Return what the line of JSON says."""
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"{"):
            addresses: dict[str, Any] = json.loads(line)
            return addresses
    pytest.fail("the demo ended before it was ready")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def demo() -> AsyncIterator[dict[str, Any]]:
    """`tavernlink demo --json`: everything is up when its line of JSON is there."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tavernlink", "demo", "--json", "--port", "0"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=os.name != "nt",
    )
    try:
        yield await asyncio.wait_for(ready(process), 180)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 30)


def fill_in(code: str, demo: dict[str, Any]) -> str:
    """Put the demo's address and key where the README has its own."""
    return code.replace("http://127.0.0.1:8001", demo["hub"]).replace("YOUR_KEY", demo["app_key"])


@pytest.mark.parametrize("name", ["sdk", "openai"])
async def test_a_python_program_of_the_readme_prints_the_reply(name: str, demo: dict[str, Any]) -> None:
    out = await run(sys.executable, "-c", fill_in(EXAMPLES[name], demo))
    assert 'You said: "hello"' in out


@pytest.mark.skipif(os.name == "nt", reason="the line is for a POSIX shell")
async def test_the_curl_line_of_the_readme_streams_the_reply(demo: dict[str, Any]) -> None:
    out = await run("sh", "-c", fill_in(EXAMPLES["curl"], demo).replace("curl -N", "curl -sSN"))
    lines = [line.removeprefix("data: ") for line in out.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    assert text.startswith('You said: "hello"')
