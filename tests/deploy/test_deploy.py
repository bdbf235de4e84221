"""The files of deploy/: units that systemd takes, an image and a composition whose commands exist.

Docker itself is not run here; what its files say is held against the command line, the package and the sources.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from tavernlink.cli import app
from tavernlink.cli.tab import HOPELESS

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "deploy" / "systemd"
DOCKER = ROOT / "deploy" / "docker"
PROGRAM = "/opt/tavernlink/bin/tavernlink"

UNITS = {"tavernlink.service": 20, "tavernlink-tab.service": 45}
"""Unit → the exposure that `systemd-analyze security` may find, in tenths; a browser needs more than a hub."""


def parsed(words: list[str]) -> None:
    """Parse a command line without carrying it out; fails for a command or an option that does not exist."""
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command, words = command.commands[words[0]], words[1:]
    command.make_context(command.name, list(words))


def settings_of(unit: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (SYSTEMD / unit).read_text("utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_starts_a_command_that_exists(unit: str) -> None:
    program, *words = shlex.split(settings_of(unit)["ExecStart"][0])
    assert program == PROGRAM
    parsed(words)


def test_the_tabs_unit_does_not_try_again_what_no_waiting_mends() -> None:
    assert settings_of("tavernlink-tab.service")["RestartPreventExitStatus"] == [str(HOPELESS)]


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_takes_a_unit_and_finds_it_hardened(unit: str, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        # Elsewhere than on Linux with systemd the file is at least one that names what it needs.
        assert {"ExecStart", "Restart", "ProtectSystem", "NoNewPrivileges"} <= settings_of(unit).keys()
        return
    for name in UNITS:  # one names the other
        text = (SYSTEMD / name).read_text("utf-8").replace(PROGRAM, str(shutil.which("true")))
        (tmp_path / name).write_text(text, "utf-8")
    verified = subprocess.run(
        [analyze, "verify", "--man=no", tmp_path / unit], capture_output=True, text=True, check=False
    )
    own = [line for line in verified.stderr.splitlines() if "tavernlink" in line]
    assert (verified.returncode, own) == (0, [])
    secured = subprocess.run(
        [analyze, "security", "--offline=yes", f"--threshold={UNITS[unit]}", tmp_path / unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert secured.returncode == 0, secured.stdout[-300:]


def instructions() -> list[tuple[str, str]]:
    text = (DOCKER / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            found.append((name, " ".join(rest.split())))
    return found


def test_the_image_is_built_of_stages_that_exist_and_runs_as_nobody_special() -> None:
    stages: dict[str, list[tuple[str, str]]] = {}
    known = {"base", "hub", "tab", "sillytavern", "wheel", "installed", "installed-tab", "extension"}
    stage = ""
    for name, rest in instructions():
        if name == "FROM":
            image, _, stage = rest.partition(" AS ")
            assert image in stages or ":" in image, f"{image} is neither a stage nor a tagged image"
            stages[stage] = list(stages.get(image, []))
        elif stage:
            stages[stage].append((name, rest))
            if (copied := re.search(r"--from=(\S+)", rest)) is not None:
                assert copied[1] in stages
    assert stages.keys() == known
    for target in ("hub", "tab"):
        done = stages[target]
        users = [rest for name, rest in done if name == "USER"]
        assert users == ["10001"], "a number, so that whoever runs it sees that it is not root"
        (entry,) = [rest for name, rest in done if name == "ENTRYPOINT"]
        assert entry == '["tini", "--", "tavernlink"]'
        assert any(name == "HEALTHCHECK" for name, _ in done)
    (served,) = [rest for name, rest in stages["hub"] if name == "CMD"]
    parsed(yaml.safe_load(served))


def test_nothing_that_is_built_or_secret_goes_into_the_image() -> None:
    left_out = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {".git", ".venv", "**/node_modules", "src/tavernlink/_extension"} <= set(left_out)


@pytest.fixture
def composition() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
    return found


def test_every_command_of_the_composition_exists(composition: dict[str, Any]) -> None:
    for name in ("keys", "tab"):
        command = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", composition["services"][name]["command"])
        parsed(shlex.split(command))


def test_the_composition_is_open_to_this_machine_alone(composition: dict[str, Any]) -> None:
    services, volumes = composition["services"], composition["volumes"]
    for name, service in services.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in volumes, name
        for other, wanted in service.get("depends_on", {}).items():
            healthy = wanted["condition"] == "service_healthy"
            assert other in services
            assert not healthy or other == "hub", "it has a HEALTHCHECK in its image"
    for name in ("keys", "hub", "tab"):
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["read_only"] is True
    assert "secrets:/secrets:ro" in services["tab"]["volumes"]
    assert not any(volume.startswith("secrets") for volume in services["hub"]["volumes"])
    text = (DOCKER / "compose.yaml").read_text("utf-8")
    assert "tl_" not in text, "no key stands in it"


def test_what_runs_for_good_comes_back_with_the_machine_and_is_given_time_to_end(
    composition: dict[str, Any],
) -> None:
    services = composition["services"]
    for name in ("hub", "sillytavern", "tab"):
        assert services[name]["restart"] == "unless-stopped", name
    for name in ("hub", "tab"):
        assert services[name]["stop_grace_period"] == "30s", name
