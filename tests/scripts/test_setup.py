"""Set-up does what changed, only that, and a step that fails says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import setup
from scripts.build_js import SetupError


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose virtual environment exists; commands are recorded by the test."""
    monkeypatch.setattr(setup, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(setup, "STAMPS", tmp_path / ".cache" / "stamps")
    monkeypatch.setattr(setup, "REQUIREMENTS", tmp_path / "dev.txt")
    (tmp_path / "dev.txt").write_text("one==1\n")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("")
    return tmp_path


def test_packages_are_installed_once_and_again_when_the_lock_changes(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(setup, "run", lambda command, _: commands.append(command))
    setup.install_python_packages()
    setup.install_python_packages()
    assert len(commands) == 1
    assert "--require-hashes" in commands[0]
    (environment / "dev.txt").write_text("one==2\n")
    setup.install_python_packages()
    assert len(commands) == 2


def test_packages_are_installed_again_into_a_new_environment(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(setup, "run", lambda command, _: commands.append(command))
    setup.install_python_packages()
    stamp = environment / ".cache" / "stamps" / "python-packages"
    later = stamp.stat().st_mtime + 10
    os.utime(environment / ".venv" / "pyvenv.cfg", (later, later))
    setup.install_python_packages()
    assert len(commands) == 2


def test_a_failed_installation_leaves_no_stamp(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: list[str], advice: str) -> None:
        raise SetupError(advice)

    monkeypatch.setattr(setup, "run", fail)
    with pytest.raises(SetupError, match="pip could not install"):
        setup.install_python_packages()
    assert not (environment / ".cache").exists()


def test_an_old_python_looks_for_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "OLDEST_PYTHON", (99, 0))
    monkeypatch.setattr(shutil, "which", lambda name: "/opt/python3.12" if name == "python3.12" else None)
    assert setup._find_python() == "/opt/python3.12"
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SetupError, match=r"Python 3\.11 or newer.*PYTHON="):
        setup._find_python()


def test_a_missing_system_package_is_asked_for_where_it_cannot_be_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SetupError, match="install it yourself"):
        setup._install_system_packages(["chromium"], "install it yourself")


def test_a_browser_that_is_here_is_not_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = subprocess.CompletedProcess(["python"], 0, stdout="/usr/bin/chromium\n", stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: found)

    def install(packages: list[str], _: str) -> None:
        pytest.fail(f"would install {packages}")

    monkeypatch.setattr(setup, "_install_system_packages", install)
    setup.install_browser()


def test_a_failing_step_ends_the_set_up_with_its_advice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise SetupError("Do this and that.")

    monkeypatch.setattr(setup, "make_environment", fail)
    assert setup.main([]) == 1
    assert "Do this and that." in capsys.readouterr().err


def test_set_up_needs_nothing_but_the_standard_library() -> None:
    code = "import scripts.setup, sys; print([m for m in ('tavernlink', 'msgspec') if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-S", "-E", "-c", code], cwd=setup.ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
