"""The guides' receivers of webhooks, in Python and for Node, and the guide's schedule, on a hub that runs."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import tavernlink
from tests.docs.markdown import ROOT, examples
from tests.hub_log import log_to
from tests.sdk.house import House

WEBHOOKS = examples(ROOT / "docs/guide/webhooks.md")
SCHEDULES = examples(ROOT / "docs/guide/schedules.md")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with log_to(folder / "hub.log"), House(folder) as house:
        yield house


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def await_port(port: int) -> None:
    end = time.monotonic() + 40
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the receiver does not listen")


@pytest.mark.parametrize("name", ["receiver.py", "receiver.mjs"])
def test_the_guides_receivers_take_what_is_signed_and_nothing_else(
    house: House, name: str, tmp_path: Path
) -> None:
    node = shutil.which("node")
    assert node is not None
    (tmp_path / name).write_text(WEBHOOKS[name], "utf-8")
    program = sys.executable if name.endswith(".py") else node
    port = free_port()
    admin = house.hub.server.first_admin_key
    with tavernlink.connect_sync(house.hub.url, admin) as hub:
        made = hub.webhooks.create(f"http://127.0.0.1:{port}/", ["request.update"])
        command = [program, str(tmp_path / name), str(port), made.secret]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
            try:
                assert process.stdout is not None
                await_port(port)
                assert hub.webhooks.test(made.info.id).state == "delivered"
                assert process.stdout.readline().startswith("webhook.ping ")
                assert "".join(hub.tavern().send("good morning")).startswith("You said:")
                while not (line := process.stdout.readline()).startswith("request.update "):
                    assert line.startswith("webhook.ping ")
                assert "You said: good morning" in line
                forged = httpx.post(f"http://127.0.0.1:{port}/", content=b"{}", trust_env=False)
                assert forged.status_code == 401
                hub.webhooks.rotate(made.info.id, overlap=0)
                (attempt,) = hub.webhooks.test(made.info.id).attempts
                assert attempt.status == 401
            finally:
                process.kill()
                hub.webhooks.remove(made.info.id)


def test_the_guides_schedule_runs(house: House) -> None:
    space: dict[str, object] = {}
    exec(compile(SCHEDULES["python"], "schedules.md", "exec"), space)
    main = space["main"]
    said = asyncio.run(main(house.hub.url, house.hub.app_key))  # type: ignore[operator]
    assert said == "active, running"
