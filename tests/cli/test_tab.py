"""`tavernlink tab`, up to where a browser would be started."""

from __future__ import annotations

from pathlib import Path

import pytest

from tavernlink.cli.tab import HOPELESS
from tests.cli.conftest import Cli


def test_what_no_waiting_mends_has_a_status_of_its_own(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAVERNLINK_BROWSER", "no-such-browser")
    missing = cli("tab", "--profiles", tmp_path / "profiles", "--tabs", "2")
    assert (missing.status, "[browser_missing]" in missing.err) == (HOPELESS, True), missing.err
    absent = cli(
        "tab", "--key-file", tmp_path / "absent.key", "--hub", "http://127.0.0.1:1", "--profiles", tmp_path
    )
    assert absent.status == HOPELESS
    file = tmp_path / "tabs.toml"
    file.write_text('[[tabs]]\nname = "a"\n[[tabs]]\nname = "a"\n', "utf-8")
    twice = cli("tab", "--config", file)
    assert (twice.status, "same name" in twice.err) == (HOPELESS, True), twice.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--memory-limit", "big"], "1.5GB"),
        (["--password-file", "absent.txt"], "absent.txt"),
        (["--profile", "here", "--tabs", "2"], "--profiles"),
    ],
)
def test_what_the_command_line_says_wrongly_is_named(cli: Cli, words: list[str], told: str) -> None:
    result = cli("tab", *words)
    assert result.status == 2
    assert told in result.err


def test_no_password_is_taken_from_the_command_line(cli: Cli) -> None:
    shown = cli("tab", "--help").out
    assert "--password-file" in shown
    assert "--password " not in shown
    assert "--basic-auth " not in shown
