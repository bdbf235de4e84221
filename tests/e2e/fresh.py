"""After a test that failed, the next one finds a new world: what the first left half done fails nobody else.

A browser test that ends in the middle leaves settings, characters or an open dialog in the SillyTavern that all tests
of the run share. Its second try would fail by that alone, and hide why the first one did.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest.fixtures import SubRequest


class FreshWorld:
    """A pytest plugin that ends a folder's fixtures which outlive a test, once a test of the folder has failed.

    A plugin and not hooks of the folder's `conftest.py`: those are not asked when a fixture of the session is set up.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lasting: dict[pytest.FixtureDef[Any], SubRequest] = {}
        self._spoiled = False

    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any], request: SubRequest) -> None:
        home = fixturedef.node
        if fixturedef.scope != "function" and home is not None and self._holds(home.path):
            self._lasting[fixturedef] = request

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._spoiled = self._spoiled or report.outcome in {"failed", "rerun"}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if not self._spoiled or not self._holds(item.path):
            return
        self._spoiled = False
        while self._lasting:
            fixture, request = self._lasting.popitem()
            # What was made from it ends before it; whoever asks for it again starts it anew.
            fixture.finish(request)

    def _holds(self, path: Path) -> bool:
        return path == self._folder or self._folder in path.parents
