"""`tavernlink serve` as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tavernlink
from tavernlink.errors import AuthError
from tests.cli.conftest import Cli

SECONDS_TO_STOP = 5.0


@contextlib.contextmanager
def serving(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A hub on a free port; ends with the block."""
    command = [sys.executable, "-m", "tavernlink", "serve", "--port", "0", *map(str, arguments)]
    group = getattr(
        subprocess, "CREATE_NEW_PROCESS_GROUP", 0
    )  # Windows: so that the signal does not reach pytest
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, creationflags=group)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def stop(process: subprocess.Popen[str], how: signal.Signals) -> tuple[float, str]:
    """Send a signal and wait; returns the seconds that it took, and the log."""
    began = time.monotonic()
    process.send_signal(how)
    _, log = process.communicate(timeout=30)
    return time.monotonic() - began, log


def test_the_first_start_makes_an_admin_key_and_shows_it_once(tmp_path: Path) -> None:
    with serving("--data-dir", tmp_path, "--json") as process:
        first = told(process)
        assert first["first_admin_key"].startswith("tl_admin_")
        assert first["data_dir"] == str(tmp_path)

        async def look() -> None:
            async with tavernlink.connect(first["url"], first["first_admin_key"]) as hub:
                assert await hub.taverns() == []
            with pytest.raises(AuthError):
                await tavernlink.connect(first["url"], "tl_admin_wrong_key").open()

        asyncio.run(look())
        _, log = stop(process, signal.SIGTERM)
        assert first["first_admin_key"].rsplit("_", 1)[1] not in log
    with serving("--data-dir", tmp_path, "--json") as process:
        assert told(process)["first_admin_key"] is None


def test_a_key_that_was_made_before_the_first_start_does_not_cost_the_admin_key(
    tmp_path: Path, cli: Cli
) -> None:
    cli("keys", "create", "--role", "app", "--name", "early", "--data-dir", tmp_path)
    with serving("--data-dir", tmp_path, "--json") as process:
        assert told(process)["first_admin_key"].startswith("tl_admin_")


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT"])
def test_a_stop_tells_peers_and_ends_in_time_with_status_zero(tmp_path: Path, how: str) -> None:
    with serving("--data-dir", tmp_path, "--json") as process:
        first = told(process)

        async def stop_while_connected() -> tuple[float, str]:
            hub = tavernlink.connect(first["url"], first["first_admin_key"])
            await hub.open()
            number = getattr(signal, "CTRL_BREAK_EVENT", signal.Signals[how])
            took = await asyncio.to_thread(stop, process, number)
            assert not hub.connected
            await hub.close()
            return took

        seconds, log = asyncio.run(stop_while_connected())
        assert process.returncode == 0
        assert seconds < SECONDS_TO_STOP
        happened = [json.loads(line)["event"] for line in log.splitlines()]
        assert happened[0] == "hub.started"
        assert happened[-1] == "hub.stopped"


def test_a_person_is_told_where_things_are(tmp_path: Path) -> None:
    with serving("--data-dir", tmp_path) as process:
        assert process.stdout is not None
        shown = ""
        while "Ctrl-C" not in shown:
            shown += process.stdout.readline()
        for word in (
            "http://127.0.0.1:",
            "/v1",
            "/api",
            str(tmp_path),
            "tl_admin_",
            "keys create --role tavern",
        ):
            assert word in shown


def test_a_port_in_use_is_a_sentence_and_status_one(tmp_path: Path, cli: Cli) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = cli("serve", "--port", str(port), "--data-dir", tmp_path)
    assert refused.status == 1
    assert f"127.0.0.1:{port}" in refused.err
    assert "--port" in refused.err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_an_address_that_others_can_reach_needs_tls_or_a_word(tmp_path: Path, cli: Cli, host: str) -> None:
    refused = cli("serve", "--host", host, "--port", "0", "--data-dir", tmp_path)
    assert refused.status == 1
    assert "without TLS" in refused.err
    assert "--allow-insecure-bind" in refused.err


def test_a_wrong_setting_is_named(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "loud" in cli("serve", "--log-level", "loud", "--data-dir", tmp_path).err
    monkeypatch.setenv("TAVERNLINK_PORT", "many")
    refused = cli("serve", "--data-dir", tmp_path)
    assert refused.status == 1
    assert "port" in refused.err


def test_settings_come_from_the_file_and_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tavernlink.toml").write_text('log_format = "human"\nhost = "127.0.0.2"\n')
    monkeypatch.setenv("TAVERNLINK_HOST", "127.0.0.1")
    with serving("--data-dir", tmp_path, "--json") as process:
        assert told(process)["url"].startswith("http://127.0.0.1:")
        _, log = stop(process, signal.SIGTERM)
        assert "hub.started" in log
        assert not log.startswith("{")


def test_up_looks_at_the_named_folder_before_it_starts_a_hub(cli: Cli, tmp_path: Path) -> None:
    data = tmp_path / "data"
    result = cli(
        "up", "--sillytavern", tmp_path / "nowhere", "--data-dir", data, "--port", "0", "--no-browser"
    )
    assert result.status == 1
    assert "is not a SillyTavern folder" in result.err
    assert "[unknown_path]" in result.err
    assert "admin key" not in result.out
    assert not (data / "tavernlink.db").exists()
