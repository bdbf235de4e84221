"""Runs the command line inside the test process, and a hub for it to talk to."""

from __future__ import annotations

import io
import json
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tavernlink.cli import main
from tavernlink.protocol.commands.catalogue import COMMANDS
from tests.hub_log import log_to
from tests.sdk.house import House


class Result(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Result]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Cli:
    """`cli("keys", "list", stdin="…")` → status, stdout, stderr. Nothing of the person's own settings is seen."""
    for name in ("URL", "KEY", "TAVERN_KEY", "HOST", "PORT", "MODEL_KEY", "CA"):
        # Set, then taken away: a command may set it for its own process, and that must not outlive the test.
        monkeypatch.setenv(f"TAVERNLINK_{name}", "")
        monkeypatch.delenv(f"TAVERNLINK_{name}")
    monkeypatch.setenv("TAVERNLINK_DATA_DIR", str(tmp_path / "default-data"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str | Path, stdin: str = "") -> Result:
        monkeypatch.delenv("TAVERNLINK_CA", raising=False)
        monkeypatch.setattr(sys, "argv", ["tavernlink", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        status: Any = 0
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
        out, err = capsys.readouterr()
        return Result(status, out, err)

    return run


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with log_to(folder / "hub.log"), House(folder, list(COMMANDS)) as house:
        yield house


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
