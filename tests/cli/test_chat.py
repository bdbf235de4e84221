"""`tavernlink chat` and `tavernlink status` against a hub with a scripted tavern."""

from __future__ import annotations

import re
import stat
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.sdk.house import House


@pytest.fixture
def there(house: House) -> tuple[str, ...]:
    return ("--url", house.hub.url, "--key", house.hub.app_key)


def test_one_message_prints_its_reply(cli: Cli, there: tuple[str, ...]) -> None:
    said = cli("chat", "hello you", *there)
    assert (said.status, said.out, said.err) == (0, "You said: hello you \n", "")


def test_one_message_as_json_prints_its_result(cli: Cli, there: tuple[str, ...]) -> None:
    said = cli("chat", "hello", "--json", "--as", "Bob", *there)
    assert said.json["text"] == "You said: hello "
    assert said.json["character"] == "Seraphina"


def test_lines_of_a_pipe_are_sent_one_after_the_other(cli: Cli, there: tuple[str, ...], house: House) -> None:
    said = cli("chat", *there, stdin="one\n\ntwo\n")
    assert said.out.split("\n") == ["You said: one ", "You said: two ", ""]
    asked = [each["args"]["text"] for each in house.tavern.commands if each["name"] == "send"]
    assert asked[-2:] == ["one", "two"]


def test_what_goes_wrong_is_a_sentence_and_status_one(cli: Cli, house: House) -> None:
    refused = cli("chat", "x", "--url", house.hub.url, "--key", "tl_app_no_key")
    assert refused.status == 1
    assert refused.err.endswith("[unauthorized]\n")
    nowhere = cli("chat", "x", "--url", house.hub.url, "--key", house.hub.app_key, "--tavern", "Nowhere")
    assert nowhere.status == 1
    assert "[unknown_tavern]" in nowhere.err
    keyless = cli("chat", "x", "--url", house.hub.url)
    assert keyless.status == 1
    assert "--key" in keyless.err
    malformed = cli("status", "--url", "ftp://x", "--key", "k")
    assert malformed.status == 1
    assert "address of a hub" in malformed.err


def test_on_the_hubs_machine_the_data_folder_is_key_enough(cli: Cli, house: House) -> None:
    data = house.hub.server.settings.data_dir
    for _ in range(2):
        assert cli("status", "--url", house.hub.url, "--data-dir", data).status == 0
    file = data / "command-line.key"
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    names = [each["name"] for each in cli("keys", "list", "--data-dir", data, "--json").json]
    assert names.count("command line of this machine") == 1


def test_the_machines_own_key_never_goes_to_another_machine(cli: Cli, house: House) -> None:
    data = house.hub.server.settings.data_dir
    refused = cli("status", "--url", "http://hub.example:8001", "--data-dir", data)
    assert refused.status == 1
    assert "--key" in refused.err


def test_status_shows_each_tavern(cli: Cli, there: tuple[str, ...]) -> None:
    shown = cli("status", *there)
    for fact in ("Home", "id-of-Home", "online", "Seraphina", "custom/stand-in", "0 running, 0 waiting"):
        assert fact in shown.out
    assert re.search(r"^up .* · 0 running, 0 waiting · [\d.]+ tokens/s", shown.out)
    told = cli("status", *there, "--json").json
    [tavern] = told["taverns"]
    assert tavern["tavern_id"] == "id-of-Home"
    assert (told["stats"]["taverns"], told["stats"]["running"], told["stats"]["memory"]) == (1, 0, None)


def test_an_admin_hears_of_the_hubs_memory(cli: Cli, house: House) -> None:
    admin = ("--url", house.hub.url, "--key", house.hub.admin_key)
    assert cli("status", *admin, "--json").json["stats"]["memory"] > 10_000_000
    assert re.search(r"· memory \d+ MB$", cli("status", *admin).out, re.MULTILINE)


def test_the_address_comes_from_the_settings(cli: Cli, house: House, tmp_path: Path) -> None:
    port = house.hub.server.port
    (tmp_path / "tavernlink.toml").write_text(f'port = {port}\nhost = "127.0.0.1"\n')
    assert cli("status", "--data-dir", tmp_path, "--key", house.hub.app_key).status == 0
    (tmp_path / "tavernlink.toml").write_text("prot = 1\n")
    refused = cli("status", "--data-dir", tmp_path, "--key", house.hub.app_key)
    assert refused.status == 1
    assert "prot" in refused.err
