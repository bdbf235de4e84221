"""Settings of a running hub: what is taken over, what waits for a restart, what a broken file does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tavernlink.config import FILE_NAME, Settings, Sources
from tavernlink.config.changes import AT_START, LIVE
from tavernlink.errors import BadMessage
from tavernlink.runtime.configuration import Configuration, Setting


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / FILE_NAME


def opened(file: Path, **overrides: object) -> Configuration:
    return Configuration(Sources({"data_dir": file.parent, **overrides}, {}))


def write(file: Path, text: str) -> None:
    """As an editor does; the time differs from before whatever the file system's clock."""
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text)
    os.utime(file, ns=(before + 2_000_000_000, before + 2_000_000_000))


def described(configuration: Configuration, name: str) -> Setting:
    return next(each for each in configuration.described() if each.name == name)


def problem(configuration: Configuration) -> str | None:
    return configuration.problem


def test_every_setting_is_either_live_or_read_at_the_start() -> None:
    assert set(Settings.__struct_fields__) == LIVE | AT_START
    assert not LIVE & AT_START


def test_a_changed_file_is_taken_over_and_everybody_is_told_once(file: Path) -> None:
    configuration = opened(file)
    told: list[Settings] = []
    configuration.on_change(told.append)
    assert not configuration.check()
    write(file, "app_rate = 5\n")
    assert configuration.check()
    assert not configuration.check()
    assert [settings.app_rate for settings in told] == [5]
    assert configuration.settings.app_rate == 5
    file.unlink()
    assert configuration.check()
    assert configuration.settings.app_rate == Settings().app_rate


def test_what_needs_a_restart_waits_and_says_so(file: Path) -> None:
    configuration = opened(file)
    write(file, "port = 5\ndetached = 3\n")
    configuration.check()
    assert (configuration.settings.port, configuration.settings.detached) == (8001, 3)
    assert configuration.restart_needed == ["port"]
    assert described(configuration, "port").restart_needed
    assert not described(configuration, "port").live
    write(file, "detached = 3\n")
    configuration.check()
    assert configuration.restart_needed == []


@pytest.mark.parametrize(
    "broken", ["app_rate = ", "app_rate = -1\n", "prot = 1\n", 'allowed_origins = ["*"]\n']
)
def test_a_broken_file_keeps_what_was_and_says_what_is_wrong(file: Path, broken: str) -> None:
    write(file, "app_rate = 5\n")
    configuration = opened(file)
    write(file, broken)
    assert not configuration.check()
    assert configuration.settings.app_rate == 5
    assert problem(configuration) is not None
    write(file, "app_rate = 6\n")
    assert configuration.check()
    assert problem(configuration) is None
    assert configuration.settings.app_rate == 6


def test_one_who_cannot_take_over_does_not_keep_the_others_from_it(file: Path) -> None:
    configuration = opened(file)
    told: list[Settings] = []

    def fails(_: Settings) -> None:
        raise RuntimeError

    configuration.on_change(fails)
    configuration.on_change(told.append)
    write(file, "app_rate = 5\n")
    assert configuration.check()
    assert len(told) == 1


def test_an_edit_goes_into_the_file_and_leaves_its_comments(file: Path) -> None:
    write(file, "# mine\napp_rate = 5  # not too many\nqueue_length = 7\n")
    configuration = opened(file)
    configuration.edit({"app_rate": 6, "queue_length": None, "allowed_origins": ["https://a.example"]})
    assert file.read_text() == (
        '# mine\napp_rate = 6  # not too many\nallowed_origins = ["https://a.example"]\n'
    )
    assert configuration.settings.app_rate == 6
    assert configuration.settings.queue_length == Settings().queue_length
    assert described(configuration, "app_rate").source == "file"
    assert not configuration.check()
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"prot": 1}, "prot"),
        ({"data_dir": "/x"}, "data_dir"),
        ({"app_rate": -1}, "app_rate"),
        ({"app_rate": {"a": 1}}, "app_rate"),
        ({"allowed_origins": ["*"]}, "allowed_origins"),
        ({"host": "0.0.0.0"}, "without TLS"),
        ({"log_level": "warning"}, "command line"),
    ],
)
def test_an_edit_that_would_not_do_writes_nothing(file: Path, values: dict[str, object], named: str) -> None:
    write(file, "app_rate = 5\n")
    configuration = opened(file, log_level="debug")
    with pytest.raises(BadMessage, match=named):
        configuration.edit(values)
    assert file.read_text() == "app_rate = 5\n"
    assert configuration.settings.app_rate == 5


def test_passwords_are_cut_out_of_what_is_shown(file: Path) -> None:
    configuration = opened(file, database_url="postgresql://me:geheim@db.example/tavern?sslpassword=x")
    assert described(configuration, "database_url").value == "postgresql://me:…@db.example/tavern?…"
    assert "geheim" not in repr(configuration.described())


def test_settings_of_a_program_stay_while_the_file_says_the_rest(file: Path) -> None:
    configuration = Configuration(Sources.fixed(Settings(data_dir=file.parent, app_rate=9)))
    write(file, "app_rate = 5\ndetached = 3\n")
    configuration.check()
    assert (configuration.settings.app_rate, configuration.settings.detached) == (9, 3)
