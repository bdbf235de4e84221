"""`tavernlink doctor` finds what is wrong and says what to do."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tavernlink.version import __version__
from tests.cli.conftest import Cli
from tests.sdk.house import House


class Page(BaseHTTPRequestHandler):
    """Whatever answers on an address."""

    body = b"<title>SillyTavern</title>"

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def page() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def checks_of(found: Any) -> dict[str, list[dict[str, str]]]:
    checks: dict[str, list[dict[str, str]]] = {}
    for each in found["checks"]:
        checks.setdefault(each["name"], []).append(each)
    return checks


def make_sillytavern(folder: Path, extension: str | None) -> Path:
    (folder / "data" / "default-user").mkdir(parents=True)
    (folder / "data" / "default-user" / "settings.json").write_text("{}")
    (folder / "package.json").write_text('{"name": "sillytavern", "version": "1.19.0"}')
    (folder / "server.js").write_text("")
    if extension is not None:
        place = folder / "data" / "default-user" / "extensions" / "tavernlink"
        place.mkdir(parents=True)
        (place / "manifest.json").write_text(json.dumps({"display_name": "Tavernlink", "version": extension}))
    return folder


def test_all_is_well(cli: Cli, house: House, page: str, tmp_path: Path) -> None:
    silly = make_sillytavern(tmp_path / "st", __version__)
    there = ("--url", house.hub.url, "--key", house.hub.app_key, "--sillytavern-url", page)
    found = cli("doctor", silly, *there, "--json")
    checks = checks_of(found.json)
    assert found.status == 0
    assert found.json["ok"] is True
    for name in ("hub", "key", "tavern", "sillytavern page", "sillytavern", "extension"):
        assert [each["state"] for each in checks[name]] == ["ok"], checks[name]
    shown = cli("doctor", silly, *there)
    assert "ok   hub: Hub" in shown.out


def test_a_hub_that_is_not_there_is_status_one_with_what_to_do(cli: Cli, unused_port: int) -> None:
    found = cli("doctor", "--url", f"http://127.0.0.1:{unused_port}", "--json")
    [hub] = checks_of(found.json)["hub"]
    assert found.status == 1
    assert hub["state"] == "fail"
    assert "tavernlink serve" in hub["advice"]


def test_a_stranger_on_the_port_is_told_from_a_hub(cli: Cli, page: str) -> None:
    [hub] = checks_of(cli("doctor", "--url", page, "--json").json)["hub"]
    assert hub["state"] == "fail"
    assert "no Tavernlink hub" in hub["found"]


def test_a_wrong_key_fails_with_how_to_make_one(cli: Cli, house: House) -> None:
    found = cli("doctor", "--url", house.hub.url, "--key", "tl_app_no_key", "--json")
    [key] = checks_of(found.json)["key"]
    assert found.status == 1
    assert key["state"] == "fail"
    assert "keys create" in key["advice"]


def test_a_hub_without_a_tavern_is_a_warning(cli: Cli, tmp_path: Path) -> None:
    from tavernlink.demo.hub import open_hub  # noqa: PLC0415

    async def look() -> Any:
        async with open_hub(tmp_path / "hub") as hub:
            arguments = ("doctor", "--url", hub.url, "--key", hub.app_key, "--json")
            return await asyncio.to_thread(cli, *arguments)

    found = asyncio.run(look())
    out = found.out[found.out.index('{"ok"') :]  # the hub in this process logs to the same place
    [tavern] = checks_of(json.loads(out))["tavern"]
    assert tavern["state"] == "warn"
    assert "extension" in tavern["advice"]
    assert found.status == 0


@pytest.mark.parametrize(
    ("installed", "advice"), [(None, "extension install"), ("0.0.1", "extension upgrade")]
)
def test_an_extension_that_is_missing_or_old_fails(
    cli: Cli, house: House, tmp_path: Path, installed: str | None, advice: str
) -> None:
    silly = make_sillytavern(tmp_path / "st", installed)
    found = cli("doctor", silly, "--url", house.hub.url, "--key", house.hub.app_key, "--json")
    [extension] = checks_of(found.json)["extension"]
    assert found.status == 1
    assert advice in extension["advice"]


def test_a_folder_that_is_no_sillytavern_fails(cli: Cli, house: House, tmp_path: Path) -> None:
    found = cli("doctor", tmp_path, "--url", house.hub.url, "--key", house.hub.app_key, "--json")
    [silly] = checks_of(found.json)["sillytavern"]
    assert silly["state"] == "fail"


def test_a_browser_that_is_missing_is_a_warning(
    cli: Cli, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAVERNLINK_BROWSER", "no-such-browser")
    found = cli("doctor", "--url", house.hub.url, "--key", house.hub.app_key, "--json")
    [browser] = checks_of(found.json)["browser"]
    assert browser["state"] == "warn"
