"""What `tavernlink up` does on a machine with a SillyTavern, with an old extension, and with nothing."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tavernlink.errors import NotFound
from tavernlink.up import home as home_module
from tavernlink.up.home import Home, Wishes
from tavernlink.up.sillytavern import SillyTavernFolder
from tavernlink.version import __version__
from tests.up.test_search import sillytavern

HUB = "http://127.0.0.1:8001"
TICKET = "0f" * 32


class Scripted:
    """A person who answers as told."""

    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.told: list[str] = []

    def tell(self, line: str) -> None:
        self.told.append(line)

    def agrees(self, question: str) -> bool:
        self.asked.append(question)
        return self.answers.pop(0)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any SillyTavern and without a screen; the extension is two files."""

    async def no_servers() -> list[str]:
        return []

    built = tmp_path / "built"
    built.mkdir()
    (built / "manifest.json").write_text(json.dumps({"display_name": "Tavernlink", "version": __version__}))
    (built / "hub.json").write_text("{}")
    monkeypatch.setattr(home_module, "find_servers", no_servers)
    monkeypatch.setattr(home_module, "find_folders", list)
    monkeypatch.setattr(home_module, "extension_folder", lambda: built)
    monkeypatch.delenv("SILLYTAVERN_DATAROOT", raising=False)
    return tmp_path


def found(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    monkeypatch.setattr(home_module, "find_folders", lambda: [SillyTavernFolder(each) for each in folders])


async def run(person: Scripted, data: Path, sillytavern_folder: Path | None = None) -> str:
    async with Home(person, Wishes(sillytavern=sillytavern_folder, browser=False), data).opened(HUB, TICKET):
        return "\n".join(person.told)


async def test_the_extension_is_offered_and_knows_the_hub(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sillytavern(machine / "SillyTavern")
    (folder / "data" / "default-user").mkdir(parents=True)
    (folder / "data" / "default-user" / "settings.json").write_text("{}")
    found(monkeypatch, folder)
    person = Scripted(True)
    told = await run(person, machine)
    place = folder / "data" / "default-user" / "extensions" / "tavernlink"
    assert json.loads((place / "hub.json").read_text()) == {"url": HUB}
    assert f"Open {HUB}/#/in/{TICKET} in a browser." in told
    assert f"Start your SillyTavern in {folder}" in told
    # The second time there is nothing to ask.
    again = Scripted()
    assert "It has the extension." in await run(again, machine)


async def test_before_the_first_start_and_with_several_users_it_is_put_where_all_have_it(
    machine: Path,
) -> None:
    folder = sillytavern(machine / "SillyTavern")
    await run(Scripted(True), machine, folder)
    assert (
        folder / "public" / "scripts" / "extensions" / "third-party" / "tavernlink" / "hub.json"
    ).is_file()


async def test_an_older_extension_is_replaced_if_the_person_agrees(machine: Path) -> None:
    folder = sillytavern(machine / "SillyTavern")
    place = SillyTavernFolder(folder).place_for_all()
    place.mkdir(parents=True)
    (place / "manifest.json").write_text('{"display_name": "Tavernlink", "version": "0.0.1"}')
    refusing = Scripted(False)
    await run(refusing, machine, folder)
    assert "0.0.1" in refusing.asked[0]
    assert "0.0.1" in (place / "manifest.json").read_text()
    await run(Scripted(True), machine, folder)
    assert __version__ in (place / "manifest.json").read_text()


async def test_who_wants_none_fetched_is_told_what_to_paste(machine: Path) -> None:
    person = Scripted(False)
    assert f"{HUB}/extension/tavernlink.git" in await run(person, machine)
    assert "Fetch one" in person.asked[0]


async def test_a_folder_that_is_none_is_refused(machine: Path) -> None:
    with pytest.raises(NotFound, match=r"server\.js"):
        await run(Scripted(), machine, machine)


@pytest.mark.timeout(240)
async def test_one_is_fetched_started_and_ended(machine: Path) -> None:
    person = Scripted(True)
    async with Home(person, Wishes(browser=False), machine / "data").opened(HUB, TICKET):
        (line,) = [each for each in person.told if each.startswith("SillyTavern runs at ")]
        address = line.split()[3].rstrip(";")
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            assert "SillyTavern" in (await http.get("/")).text
            read = await http.get("/scripts/extensions/third-party/tavernlink/hub.json")
        assert read.json() == {"url": HUB}
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(address)
