"""Commands by name through the SDK, against the real hub: `run`, and the methods made from the catalogue."""

from __future__ import annotations

import base64
import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

import tavernlink
from tavernlink.demo.hub import open_hub
from tavernlink.errors import BadMessage, Conflict, TavernlinkError
from tavernlink.protocol.commands.catalogue import COMMANDS, NOUNS
from tavernlink.protocol.files import File
from tavernlink.sdk import Hub, SyncHub
from tavernlink.sdk.noun import Noun, given
from tests.sdk.house import House
from tests.sdk.scripted_tavern import ScriptedTavern, scripted_tavern


class Home:
    def __init__(self, hub: Hub, tavern: ScriptedTavern) -> None:
        self.hub = hub
        self.tavern = tavern

    @property
    def args(self) -> object:
        """What the tavern was given last."""
        return self.tavern.commands[-1]["args"]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with (
        open_hub(tmp_path / "hub") as running,
        scripted_tavern(running.url, running.tavern_key, commands=list(COMMANDS)) as tavern,
        tavernlink.connect(running.url, running.app_key, name="test") as hub,
    ):
        yield Home(hub, tavern)


async def test_a_command_is_run_by_its_name(home: Home) -> None:
    home.tavern.results["preset.get"] = {"name": "Default", "further": 1}
    run = home.hub.tavern().run("preset.get", name="Default", request_id="mine")
    assert run.request_id == "mine"
    assert await run == {"name": "Default", "further": 1}
    again = home.hub.tavern("Home").run("preset.get", {"name": "Default"}, request_id="other")
    assert await again == {"name": "Default", "further": 1}
    assert home.tavern.commands[0]["args"] == home.tavern.commands[1]["args"]


async def test_a_method_has_the_types_of_its_command(home: Home) -> None:
    picture = {"name": "w.png", "type": "image/png", "data": base64.b64encode(b"png").decode()}
    home.tavern.results |= {"character.avatar": picture, "message.delete": {}}
    tavern = home.hub.tavern()
    found = await tavern.characters.avatar(character="Wren.png")
    assert found == File(name="w.png", type="image/png", data=b"png")
    await tavern.messages.delete(index=3, count=2)
    assert home.args == {"index": 3, "count": 2}
    # The namespace is also what it was before: the list that the hub keeps.
    assert [character.name for character in await tavern.characters()] == ["Seraphina"]


async def test_bytes_are_sent_as_they_are_given(home: Home) -> None:
    home.tavern.results["character.import_card"] = {}
    card = File(name="w.png", type="image/png", data=b"\x00\xff")
    expected = {"name": "w.png", "type": "image/png", "data": "AP8="}
    await home.hub.tavern().run("character.import_card", file=card)
    assert isinstance(home.args, dict)
    assert home.args["file"] == expected


async def test_what_goes_wrong_is_raised_where_it_is_awaited(home: Home) -> None:
    tavern = home.hub.tavern()
    with pytest.raises(BadMessage, match=r"message\.edit") as caught:
        await tavern.run("mesage.edit")
    assert caught.value.code == "unknown_command"
    with pytest.raises(BadMessage) as caught:
        await tavern.run("message.edit", index="1")
    assert caught.value.details["path"] == "$.args.index"
    with pytest.raises(Conflict) as stale:
        await tavern.messages.edit(index=0, text="x", revision=99)
    assert stale.value.code == "stale_revision"
    home.tavern.results["message.list"] = "no such shape"
    with pytest.raises(TavernlinkError, match="unknown shape"):
        await tavern.messages.list()


async def test_the_commands_of_a_tavern_are_listed(home: Home) -> None:
    listed = await home.hub.tavern("Home").commands()
    assert {info.name for info in listed if info.known} == set(COMMANDS)


async def test_only_what_differs_from_its_default_is_sent() -> None:
    assert given("message.delete", {"index": 0, "count": 1}) == {"index": 0}
    assert given("message.delete", {"index": 0, "count": 2}) == {"index": 0, "count": 2}


async def test_every_command_is_a_method_with_its_arguments(home: Home) -> None:
    tavern = home.hub.tavern()
    for noun, specs in NOUNS.items():
        namespace = getattr(tavern, noun)
        assert isinstance(namespace, Noun)
        for spec in specs:
            method = getattr(namespace, spec.verb, None) or getattr(namespace, f"{spec.verb}_")
            parameters = {name.rstrip("_") for name in inspect.signature(method).parameters} - {"options"}
            assert parameters == {field.encode_name for field in msgspec.structs.fields(spec.args)}


@pytest.fixture
def blocking(tmp_path: Path) -> Iterator[tuple[SyncHub, ScriptedTavern]]:
    with (
        House(tmp_path / "hub", list(COMMANDS)) as house,
        tavernlink.connect_sync(house.hub.url, house.hub.app_key) as hub,
    ):
        yield hub, house.tavern


def test_without_an_event_loop_each_waits_for_its_result(blocking: tuple[SyncHub, ScriptedTavern]) -> None:
    hub, scripted = blocking
    scripted.results["variable.get"] = {"name": "gold", "scope": "global", "value": 3}
    tavern = hub.tavern()
    assert tavern.run("variable.get", name="gold", scope="global")["value"] == 3
    assert tavern.variables.get(name="gold", scope="global").value == 3
    assert {info.name for info in tavern.commands()} == set(COMMANDS)
    with pytest.raises(BadMessage):
        tavern.run("variable.gett")
