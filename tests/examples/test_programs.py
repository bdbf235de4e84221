"""The examples of the how-to pages: a game, a house, statistics, against a hub with a scripted tavern."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import tavernlink
from tavernlink.demo.hub import open_hub
from tests.examples.test_bots import EXAMPLES, environment, running
from tests.hub_log import log_to
from tests.sdk.house import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with log_to(folder / "hub.log"), House(folder) as house:
        yield house


def test_the_game_goes_on_while_the_guard_thinks(house: House) -> None:
    act = {"says": "Pass, friend.", "mood": "calm", "opens_gate": True}
    done = {"text": json.dumps(act), "reason": "stop", "character": "Seraphina", "data": act}
    house.tavern.results["generate"] = done
    with running(house, "game_loop.py", "Seraphina") as game:
        assert game.line() == "A guard stands at the gate."
        game.say("I bring the doctor.")
        assert game.line() == "The guard (calm): Pass, friend."
        assert game.line() == "The gate opens."
        assert game.line() == ""
    asked = house.tavern.commands[-1]["args"]
    assert asked["mode"] == "detached"
    assert asked["messages"][-1]["content"] == "I bring the doctor."
    assert asked["json_schema"]["required"] == ["says", "mood", "opens_gate"]


def test_statistics_of_the_chat(house: House) -> None:
    with tavernlink.connect_sync(house.hub.url, house.hub.app_key) as hub:
        hub.tavern().post("one two three", as_="Ann").result()
        hub.tavern().post("four", as_="Ann").result()
        hub.tavern().post("five six", as_="Bob").result()
    command = [sys.executable, str(EXAMPLES / "chat_statistics.py")]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(house), timeout=50, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["name,messages,words", "Ann,2,4", "Bob,1,2"]


class HomeAssistant(BaseHTTPRequestHandler):
    """As much of Home Assistant's REST API as the functions ask."""

    asked: list[tuple[str, Any]] = []

    def _answer(self, body: Any) -> None:
        assert self.headers["Authorization"] == "Bearer home"
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, said))
        self._answer([])

    def do_GET(self) -> None:
        assert self.path == "/api/states/sensor.garden_temperature"
        self._answer({"state": "7.5", "attributes": {"unit_of_measurement": "°C"}})

    def log_message(self, *_: Any) -> None: ...


async def test_a_character_switches_lamps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), HomeAssistant) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            monkeypatch.setenv("HOME_ASSISTANT_URL", f"http://127.0.0.1:{server.server_port}")
            monkeypatch.setenv("HOME_ASSISTANT_TOKEN", "home")
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            folder = tmp_path / "functions"
            folder.mkdir()
            shutil.copy(EXAMPLES / "home_functions.py", folder)
            async with open_hub(tmp_path) as hub, tavernlink.connect(hub.url, hub.app_key) as app:
                assert await app.call("temperature", place="garden") == "7.5 °C"
                said = await app.call("switch_lamp", room="kitchen", on=True)
                assert said == "The lamp in the kitchen is on now."
                with pytest.raises(tavernlink.TavernlinkError) as wrong:
                    await app.call("switch_lamp", room="cellar", on=True)
                assert wrong.value.code == "invalid_arguments"
        finally:
            server.shutdown()
    assert HomeAssistant.asked == [("/api/services/light/turn_on", {"entity_id": "light.kitchen"})]
