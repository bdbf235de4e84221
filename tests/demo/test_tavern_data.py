"""A scratch data folder: made from the template, settled, with the extension in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tavernlink.demo import tavern_data


@pytest.fixture
def data(tmp_path: Path) -> Path:
    template = tmp_path / "template"
    user = template / tavern_data.USER
    user.mkdir(parents=True)
    settings = {"firstRun": True, "username": "User", "main_api": "koboldhorde", "power_user": {"other": 1}}
    (user / "settings.json").write_text(json.dumps(settings), "utf-8")
    data = tmp_path / "data"
    data.mkdir()
    tavern_data.copy_template(template, data)
    return data


def test_settling_answers_the_first_run_and_keeps_the_rest(data: Path) -> None:
    tavern_data.settle(data)
    settings = json.loads((data / tavern_data.USER / "settings.json").read_text("utf-8"))
    assert settings["firstRun"] is False
    assert settings["main_api"] == "openai"
    assert settings["power_user"]["other"] == 1
    assert settings["power_user"]["auto_connect"] is True
    assert settings["power_user"]["personas"] == {"user-default.png": "Traveller"}
    assert settings["oai_settings"] == {"chat_completion_source": "custom", "stream_openai": True}


def test_a_new_extension_replaces_the_old_one_as_a_whole(data: Path, tmp_path: Path) -> None:
    built = tmp_path / "built"
    built.mkdir()
    (built / "manifest.json").write_text("{}", "utf-8")
    (built / "old.js").write_text("", "utf-8")
    tavern_data.add_extension(data, built)
    (built / "old.js").rename(built / "new.js")
    tavern_data.add_extension(data, built)
    installed = data / tavern_data.USER / "extensions" / "tavernlink"
    assert sorted(path.name for path in installed.iterdir()) == ["manifest.json", "new.js"]


def test_a_persons_own_configuration_is_left_alone(data: Path) -> None:
    (data / "config.yaml").write_text("port: 1", "utf-8")
    assert tavern_data.write_config(data).read_text("utf-8") == "port: 1"


def test_absent_and_empty_folders_are_empty(data: Path, tmp_path: Path) -> None:
    assert tavern_data.is_empty(tmp_path / "absent")
    (tmp_path / "bare").mkdir()
    assert tavern_data.is_empty(tmp_path / "bare")
    assert not tavern_data.is_empty(data)
