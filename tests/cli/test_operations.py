"""`certificate`, `backup`, `restore` and `--ca`: what the commands say."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_serve import serving, told

pytestmark = pytest.mark.timeout(180)


def test_a_certificate_of_the_hubs_own_is_made_and_explained(cli: Cli, tmp_path: Path) -> None:
    off = cli("certificate", "--data-dir", tmp_path)
    assert (off.status, "--tls" in off.err) == (1, True)
    (tmp_path / "tavernlink.toml").write_text('tls = true\ntls_names = ["inn.example"]\n')
    facts = cli("certificate", "--data-dir", tmp_path, "--json").json
    assert "inn.example" in facts["names"]
    assert Path(facts["ca"]).is_file()
    said = cli("certificate", "--data-dir", tmp_path)
    assert said.status == 0
    for expected in (
        facts["fingerprint"],
        facts["ca_fingerprint"],
        facts["ca"],
        "Firefox",
        "NODE_EXTRA_CA_CERTS",
    ):
        assert expected in said.out


def test_broken_files_are_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("nonsense")
    settings = {name: str(tmp_path / "x.pem") for name in ("tls_certificate", "tls_key")}
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    (tmp_path / "tavernlink.toml").write_text(lines)
    for command in (("certificate",), ("serve", "--port", "0")):
        result = cli(*command, "--data-dir", tmp_path)
        assert result.status == 1
        assert "no certificate in PEM form" in result.err


def test_commands_reach_a_hub_with_a_certificate_of_its_own(cli: Cli, tmp_path: Path) -> None:
    with serving("--data-dir", tmp_path, "--tls", "--json") as process:
        facts = told(process)
        assert facts["url"].startswith("https://")
        assert len(facts["fingerprint"]) == 95
        key = facts["first_admin_key"]
        strange = cli("status", "--url", facts["url"], "--key", key, "--data-dir", tmp_path / "other")
        assert strange.status == 1
        assert "certificate" in strange.err.lower()
        here = cli("status", "--url", facts["url"], "--key", key, "--data-dir", tmp_path, "--json")
        assert here.json["taverns"] == []


def test_the_authority_may_be_named(cli: Cli, tmp_path: Path) -> None:
    with serving("--data-dir", tmp_path, "--tls", "--json") as process:
        facts = told(process)
        options = ("--url", facts["url"], "--key", facts["first_admin_key"], "--data-dir", tmp_path / "other")
        assert cli("status", *options, "--ca", facts["ca"], "--json").json["taverns"] == []
        health = cli("doctor", *options, "--ca", facts["ca"], "--json").json["checks"]
        assert {each["name"]: each["state"] for each in health}["hub"] == "ok"


def test_a_backup_goes_out_and_comes_back(cli: Cli, tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "hub.tar.gz"
    data.mkdir()
    with closing(sqlite3.connect(data / "tavernlink.db")) as connection:
        connection.execute("CREATE TABLE things (name TEXT)")
    made = cli("backup", file, "--data-dir", data)
    assert (made.status, "tavernlink.db" in made.err) == (0, True)
    again = cli("backup", file, "--data-dir", data)
    assert (again.status, "--force" in again.err) == (1, True)
    back = cli("restore", file, "--data-dir", tmp_path / "new")
    assert (back.status, (tmp_path / "new" / "tavernlink.db").is_file()) == (0, True)
    twice = cli("restore", file, "--data-dir", tmp_path / "new")
    assert (twice.status, "--force" in twice.err) == (1, True)
