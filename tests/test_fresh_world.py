"""A browser test that fails does not spoil the next: its lasting fixtures end, and start anew for whoever asks."""

from __future__ import annotations

from pathlib import Path

import pytest

_CONFTEST = """
import pytest
from pathlib import Path
from tests.e2e.fresh import FreshWorld

def pytest_configure(config):
    config.pluginmanager.register(FreshWorld(Path(__file__).parent / "browser"))
"""
_WORLD = """
import pytest

ended = []

@pytest.fixture(scope="session")
def server():
    server = []
    yield server
    ended.append("server")

@pytest.fixture(scope="module")
def tab(server):
    yield server
    ended.append("tab")
"""
_TESTS = """
from browser.conftest import ended

tries = []

def test_that_fails_once_and_leaves_a_mess(tab):
    assert tab == []
    tab.append("mess")
    tries.append(1)
    assert len(tries) == 2

def test_that_goes_on_in_the_same_world(tab):
    assert tab == ["mess"]
    assert ended == ["tab", "server"]
"""


def test_the_second_try_of_a_test_finds_a_new_world(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    pytester.makeconftest(_CONFTEST)
    browser = pytester.mkpydir("browser")
    (browser / "conftest.py").write_text(_WORLD, encoding="utf-8")
    (browser / "test_it.py").write_text(_TESTS, encoding="utf-8")
    result = pytester.runpytest_subprocess("--reruns", "1", "-p", "no:asyncio")
    result.assert_outcomes(passed=2)
    assert "1 rerun" in result.stdout.str()
