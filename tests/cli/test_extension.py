"""`tavernlink extension` on a folder that looks like SillyTavern."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tavernlink import extension_files
from tavernlink.up.sillytavern import SillyTavernFolder, copy_into_place
from tavernlink.version import __version__
from tests.cli.conftest import Cli

Make = Callable[..., Path]


@pytest.fixture(autouse=True)
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built extension."""
    folder = tmp_path / "built"
    (folder / "i18n").mkdir(parents=True)
    write_manifest(folder, __version__)
    (folder / "index.js").write_text("// new")
    (folder / "i18n" / "en.json").write_text("{}")
    monkeypatch.setattr(extension_files, "extension_folder", lambda: folder)
    monkeypatch.delenv("SILLYTAVERN_DATAROOT", raising=False)
    return folder


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def make_sillytavern(
        config: str = "", data: str = "data", users: tuple[str, ...] = ("default-user",)
    ) -> Path:
        folder = tmp_path / "Silly Tavern"
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text(json.dumps({"name": "sillytavern", "version": "1.19.0"}))
        (folder / "server.js").write_text("")
        (folder / "config.yaml").write_text(config)
        for user in users:
            home = folder / data / user
            (home / "extensions").mkdir(parents=True)
            (home / "settings.json").write_text("{}")
        return folder

    return make_sillytavern


def write_manifest(folder: Path, version: str, name: str = "Tavernlink") -> None:
    (folder / "manifest.json").write_text(json.dumps({"display_name": name, "version": version}))


def files_of(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob(".tavernlink*"))


def test_installs_for_the_default_user_and_says_what_to_do_next(cli: Cli, make: Make) -> None:
    silly = make()
    done = cli("extension", "install", silly)
    target = silly / "data" / "default-user" / "extensions" / "tavernlink"
    assert done.status == 0
    assert str(target) in done.out
    assert "Reload SillyTavern" in done.out
    assert "--role tavern" in done.out
    assert files_of(target) == ["i18n/en.json", "index.js", "manifest.json"]
    assert leftovers(silly) == []


def test_installs_for_all_users(cli: Cli, make: Make) -> None:
    silly = make(users=())
    assert cli("extension", "install", silly, "--all-users").status == 0
    assert (silly / "public" / "scripts" / "extensions" / "third-party" / "tavernlink" / "index.js").is_file()
    assert leftovers(silly) == []


@pytest.mark.parametrize(
    "line",
    [
        "dataRoot: ./elsewhere",
        'dataRoot: "./elsewhere"  # moved',
        "dataRoot: 'elsewhere'",
        "port: 1\ndataRoot: elsewhere\n",
    ],
)
def test_finds_the_data_where_the_configuration_says(cli: Cli, make: Make, line: str) -> None:
    silly = make(config=line, data="elsewhere")
    assert cli("extension", "install", silly).status == 0
    assert (silly / "elsewhere" / "default-user" / "extensions" / "tavernlink" / "index.js").is_file()


def test_finds_the_data_where_the_option_or_the_environment_says(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silly = make(config="# dataRoot: no\n  dataRoot: nested\n")
    assert SillyTavernFolder(silly).data_root == silly / "data"
    monkeypatch.setenv("SILLYTAVERN_DATAROOT", str(tmp_path / "env"))
    assert SillyTavernFolder(silly).data_root == tmp_path / "env"
    assert SillyTavernFolder(silly, tmp_path / "option").data_root == tmp_path / "option"


def test_what_is_no_sillytavern_is_refused_with_a_sentence(cli: Cli, tmp_path: Path) -> None:
    for command in ("install", "upgrade", "remove"):
        refused = cli("extension", command, tmp_path)
        assert refused.status == 1
        assert "is not a SillyTavern folder" in refused.err


def test_a_user_that_is_not_there_is_refused_with_those_that_are(cli: Cli, make: Make) -> None:
    silly = make(users=("anna", "default-user"))
    assert cli("extension", "install", silly, "--user", "anna").status == 0
    refused = cli("extension", "install", silly, "--user", "bob")
    assert refused.status == 1
    assert "anna, default-user" in refused.err


def test_a_sillytavern_that_never_ran_is_said(cli: Cli, make: Make) -> None:
    refused = cli("extension", "install", make(users=()))
    assert refused.status == 1
    assert "Start SillyTavern once" in refused.err


def test_replaces_an_older_copy_whole(cli: Cli, make: Make) -> None:
    silly = make()
    target = silly / "data" / "default-user" / "extensions" / "tavernlink"
    target.mkdir()
    write_manifest(target, "0.0.1")
    (target / "old.js").write_text("")
    assert cli("extension", "install", silly).status == 0
    assert files_of(target) == ["i18n/en.json", "index.js", "manifest.json"]


def test_leaves_what_is_not_its_own_alone(cli: Cli, make: Make) -> None:
    silly = make()
    target = silly / "data" / "default-user" / "extensions" / "tavernlink"
    target.mkdir()
    write_manifest(target, "1.0.0", name="Something else")
    refused = cli("extension", "install", silly)
    assert refused.status == 1
    assert "not Tavernlink" in refused.err
    assert files_of(target) == ["manifest.json"]


def test_a_copy_that_fails_leaves_the_old_one_in_place(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "home" / "extensions" / "tavernlink"
    target.mkdir(parents=True)
    write_manifest(target, "0.0.1")
    rename = Path.rename

    def refuse(self: Path, to: Path) -> Path:
        if self.name == "new":
            raise PermissionError(13, "in use")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PermissionError):
        copy_into_place(built, target)
    assert json.loads((target / "manifest.json").read_text())["version"] == "0.0.1"
    assert leftovers(tmp_path) == []


def test_upgrade_renews_every_copy_and_remove_takes_every_copy_away(cli: Cli, make: Make) -> None:
    silly = make(users=("anna", "default-user"))
    cli("extension", "install", silly)
    cli("extension", "install", silly, "--user", "anna")
    both = cli("extension", "install", silly, "--all-users")
    assert "also installed for anna" in both.out
    for each in SillyTavernFolder(silly).installed():
        write_manifest(each.path, "0.0.1")
    upgraded = cli("extension", "upgrade", silly)
    assert upgraded.out.count(f"0.0.1 -> {__version__}") == 3
    removed = cli("extension", "remove", silly)
    assert removed.out.count("Removed") == 3
    assert list(SillyTavernFolder(silly).installed()) == []
    assert leftovers(silly) == []
    for command in ("upgrade", "remove"):
        refused = cli("extension", command, silly)
        assert refused.status == 1
        assert "not installed" in refused.err
