"""The command line as a whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tavernlink.version import __version__
from tests.cli.conftest import Cli


def test_help_lists_every_command(cli: Cli) -> None:
    shown = cli("--help")
    assert shown.status == 0
    for command in ("serve", "demo", "keys", "extension", "tab", "chat", "status", "doctor"):
        assert f" {command} " in shown.out


@pytest.mark.parametrize(
    "command", ["serve", "demo", "keys create", "keys list", "keys revoke", "extension install", "extension upgrade",
                "extension remove", "tab", "chat", "status", "doctor"]
)  # fmt: skip
def test_each_command_explains_itself(cli: Cli, command: str) -> None:
    assert cli(*command.split(), "--help").status == 0


def test_the_version_is_that_of_the_package(cli: Cli) -> None:
    assert cli("--version").out.strip() == __version__


def test_a_wrong_option_is_status_two(cli: Cli) -> None:
    assert cli("serve", "--no-such-option").status == 2


def test_starting_up_loads_nothing_that_a_command_may_not_need() -> None:
    program = "import sys, tavernlink.cli; print(*sys.modules)"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout.split()
    )
    heavy = {
        "asyncio",
        "httpx",
        "litestar",
        "msgspec",
        "playwright",
        "rich.console",
        "sqlalchemy",
        "structlog",
        "uvicorn",
        "websockets",
    }
    assert not loaded & heavy
