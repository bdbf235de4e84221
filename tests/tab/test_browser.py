"""Which browser is taken, and what is said when there is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tavernlink.tab import BrowserTabError, find_browser
from tavernlink.tab.browser import launch_arguments


def make_program(folder: Path, name: str) -> Path:
    program = folder / (f"{name}.exe" if sys.platform == "win32" else name)
    program.write_text("#!/bin/sh\n", "utf-8")
    program.chmod(0o755)
    return program


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No browser anywhere: an empty PATH, and standard places that are not there."""
    monkeypatch.delenv("TAVERNLINK_BROWSER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("tavernlink.tab.browser._STANDARD_PLACES", ())


def test_a_browser_on_the_path_is_found(tmp_path: Path) -> None:
    program = make_program(tmp_path, "google-chrome")
    assert find_browser() == program


def test_chromium_goes_before_the_others(tmp_path: Path) -> None:
    make_program(tmp_path, "microsoft-edge")
    chromium = make_program(tmp_path, "chromium")
    assert find_browser() == chromium


def test_a_browser_in_a_standard_place_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = make_program(tmp_path, "anything")
    monkeypatch.setattr("tavernlink.tab.browser._STANDARD_PLACES", (tmp_path / "absent", program))
    assert find_browser() == program


def test_the_variable_goes_before_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_program(tmp_path, "chromium")
    chosen = make_program(tmp_path, "my-browser")
    monkeypatch.setenv("TAVERNLINK_BROWSER", str(chosen))
    assert find_browser() == chosen


def test_a_variable_that_names_nothing_is_an_error_and_not_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_program(tmp_path, "chromium")
    monkeypatch.setenv("TAVERNLINK_BROWSER", str(tmp_path / "gone"))
    with pytest.raises(BrowserTabError, match="TAVERNLINK_BROWSER names"):
        find_browser()


def test_without_a_browser_the_error_says_how_to_get_one() -> None:
    with pytest.raises(BrowserTabError) as caught:
        find_browser()
    assert caught.value.code == "browser_missing"
    assert "nstall" in caught.value.message
    assert "TAVERNLINK_BROWSER" in caught.value.message


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox flag is Linux's")
@pytest.mark.parametrize(("user", "unboxed"), [(0, True), (1000, False)])
def test_the_sandbox_is_given_up_only_for_root(
    user: int, unboxed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert ("--no-sandbox" in launch_arguments()) is unboxed


def test_a_tab_that_nobody_looks_at_is_not_throttled() -> None:
    assert {"--disable-background-timer-throttling", "--disable-renderer-backgrounding"} <= set(
        launch_arguments()
    )


def test_the_list_of_features_is_one_as_the_browser_takes_only_the_last() -> None:
    lists = [each for each in launch_arguments() if each.startswith("--disable-features=")]
    assert len(lists) == 1
    # A SillyTavern in the home network speaks plain HTTP.
    assert {"HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable"} <= set(lists[0].partition("=")[2].split(","))
