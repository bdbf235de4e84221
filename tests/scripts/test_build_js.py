"""The build of js/ runs when something changed, only then, and says what to do when it cannot."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts import build_js
from scripts.build_js import SetupError


class Checkout:
    """A small source tree with a recorded npm in the place of the real one."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands: list[list[str]] = []
        self.fails = False
        self.js, self.extension = root / "js", root / "src" / "tavernlink" / "_extension"
        self.console = root / "src" / "tavernlink" / "_console"
        version = root / "src" / "tavernlink" / "version.py"
        for path, text in {
            self.js / "package.json": "{}",
            self.js / "package-lock.json": "{}",
            self.js / ".npmrc": "",
            self.js / "packages" / "extension" / "src" / "index.ts": "export {};\n",
            version: '__version__ = "1.2.3"\n',
        }.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.setattr(build_js, "ROOT", root)
        monkeypatch.setattr(build_js, "WORKSPACE", self.js)
        monkeypatch.setattr(build_js, "EXTENSION", self.extension)
        monkeypatch.setattr(build_js, "CONSOLE", self.console)
        monkeypatch.setattr(build_js, "VERSION_FILE", version)
        monkeypatch.setattr(build_js, "STAMP", self.extension / "build.json")
        monkeypatch.setattr(build_js, "INSTALL_STAMP", self.js / "node_modules" / ".tavernlink-install")
        monkeypatch.setattr(build_js, "_run", self.run)

    def run(self, command: list[str], advice: str) -> None:
        """What npm would do."""
        self.commands.append(command[1:])
        if self.fails:
            raise SetupError(advice)
        if command[1] == "ci":
            (self.js / "node_modules").mkdir(exist_ok=True)
        else:
            self.extension.mkdir(exist_ok=True)
            (self.extension / "manifest.json").write_text("{}")
            self.console.mkdir(exist_ok=True)
            (self.console / "index.html").write_text("<!doctype html>")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


def test_a_fresh_clone_installs_and_builds(checkout: Checkout) -> None:
    assert build_js.build_if_stale()
    assert [command[0] for command in checkout.commands] == ["ci", "run"]
    assert json.loads((checkout.extension / "build.json").read_text())["version"] == "1.2.3"


def test_a_second_run_does_nothing(checkout: Checkout) -> None:
    build_js.build_if_stale()
    checkout.commands.clear()
    assert not build_js.build_if_stale()
    assert checkout.commands == []


def test_a_changed_source_is_built_again_without_installing(checkout: Checkout) -> None:
    build_js.build_if_stale()
    checkout.commands.clear()
    (checkout.js / "packages" / "extension" / "src" / "index.ts").write_text("export const x = 1;\n")
    assert build_js.build_if_stale()
    assert [command[0] for command in checkout.commands] == ["run"]


def test_a_changed_lock_file_installs_again(checkout: Checkout) -> None:
    build_js.build_if_stale()
    checkout.commands.clear()
    (checkout.js / "package-lock.json").write_text('{"lockfileVersion": 3}')
    assert build_js.build_if_stale()
    assert [command[0] for command in checkout.commands] == ["ci", "run"]


def test_a_changed_test_or_installed_package_is_not_a_changed_source(checkout: Checkout) -> None:
    build_js.build_if_stale()
    for path in (checkout.js / "packages/extension/tests/x.test.ts", checkout.js / "node_modules/x/index.js"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert not build_js.build_if_stale()


def test_a_new_version_is_built_into_the_extension(checkout: Checkout) -> None:
    build_js.build_if_stale()
    build_js.VERSION_FILE.write_text('__version__ = "1.2.4"\n')
    assert build_js.build_if_stale()


def test_a_failed_build_says_so_and_is_tried_again(checkout: Checkout) -> None:
    build_js.build_if_stale()
    (checkout.js / "package.json").write_text('{"private": true}')
    checkout.fails = True
    with pytest.raises(SetupError, match="npm could not install"):
        build_js.build_if_stale()
    checkout.fails = False
    assert build_js.build_if_stale()


def test_a_source_archive_uses_the_extension_that_it_holds(checkout: Checkout) -> None:
    build_js.build_if_stale()
    shutil.rmtree(checkout.js)
    checkout.commands.clear()
    assert not build_js.build_if_stale()
    assert checkout.commands == []


def test_sources_without_javascript_and_without_a_build_are_refused(checkout: Checkout) -> None:
    shutil.rmtree(checkout.js)
    with pytest.raises(SetupError, match="complete copy of the sources"):
        build_js.build_if_stale()


def test_a_missing_node_gets_advice(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SetupError, match=r"Node is not installed.*nodejs\.org"):
        build_js.build_if_stale()


def test_an_old_node_gets_advice(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = subprocess.CompletedProcess(["node"], 0, stdout="v18.19.0\n", stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(SetupError, match=r"Node v18\.19\.0 is too old"):
        build_js.build_if_stale()
