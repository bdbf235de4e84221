"""Starting and stopping the server, with a small stand-in for SillyTavern's program (tests/e2e run the real one)."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from tavernlink.demo.errors import DemoError
from tavernlink.demo.install import installed_folder
from tavernlink.demo.listener import free_port, is_free
from tavernlink.demo.sillytavern import SillyTavern, prepare
from tavernlink.demo.tavern_data import USER

VERSION = "9.9.9"
SERVER = """
import fs from 'node:fs'; import http from 'node:http'; import path from 'node:path';
const option = name => process.argv[process.argv.indexOf('--' + name) + 1];
const data = option('dataRoot'), user = path.join(data, 'default-user'), port = Number(option('port'));
fs.readFileSync(option('configPath'));
if (!fs.existsSync(user)) {
    fs.mkdirSync(user, { recursive: true });
    fs.writeFileSync(path.join(user, 'settings.json'), JSON.stringify({ firstRun: true }));
    fs.appendFileSync('first-starts', 'x');
}
const server = http.createServer((request, response) => {
    response.statusCode = request.url === '/lib.js' && process.env.BROKEN === 'libs' ? 404 : 200;
    response.end(data);
});
server.on('error', error => { console.error('Address is already in use:', error.code); process.exit(1); });
if (process.env.BROKEN === 'start') { console.error('Something is wrong with the data'); process.exit(3); }
server.listen(port, '127.0.0.1', () => console.log('SillyTavern is listening on', port));
process.on('SIGTERM', () => process.exit(0));
"""


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAVERNLINK_CACHE", str(tmp_path / "cache"))
    folder = installed_folder(VERSION)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"type": "module"}', "utf-8")
    (folder / "server.js").write_text(SERVER, "utf-8")
    (folder / "node_modules").mkdir()
    return folder


def settings_of(tavern: SillyTavern) -> dict[str, object]:
    found: dict[str, object] = json.loads((tavern.user_data / "settings.json").read_text("utf-8"))
    return found


async def fetch(url: str) -> str:
    async with httpx.AsyncClient() as client:
        return (await client.get(url)).text


async def test_servers_run_side_by_side_on_data_of_their_own(program: Path) -> None:
    async with SillyTavern(version=VERSION) as one, SillyTavern(version=VERSION) as two:
        assert one.url != two.url
        assert [await fetch(one.url), await fetch(two.url)] == [str(one.data), str(two.data)]
        assert settings_of(one)["firstRun"] is False
        assert one.user_data == one.data / USER
    assert not one.data.exists()
    assert not two.data.exists()
    assert (program / "first-starts").read_text("utf-8") == "x", (
        "the slow first start was done more than once"
    )


async def test_preparing_twice_at_once_starts_once(program: Path) -> None:
    first, second = await asyncio.gather(prepare(VERSION), prepare(VERSION))
    assert first == second
    assert (program / "first-starts").read_text("utf-8") == "x"


async def test_given_data_is_kept_and_used_as_it_is(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with SillyTavern(data, version=VERSION):
        pass
    (data / USER / "settings.json").write_text('{"username": "Me"}', "utf-8")
    async with SillyTavern(data, version=VERSION) as again:
        assert settings_of(again) == {"username": "Me"}


async def test_a_newcomers_data_can_be_asked_for() -> None:
    async with SillyTavern(version=VERSION, settled=False) as tavern:
        assert settings_of(tavern)["firstRun"] is True


async def test_scratch_data_can_be_kept() -> None:
    async with SillyTavern(version=VERSION, keep=True) as tavern:
        pass
    assert tavern.user_data.is_dir()


async def test_a_server_that_ends_is_reported_with_the_end_of_its_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await prepare(VERSION)
    monkeypatch.setenv("BROKEN", "start")
    tavern = SillyTavern(version=VERSION)
    with pytest.raises(DemoError, match="it ended with status 3") as caught:
        await tavern.start()
    assert "Something is wrong with the data" in caught.value.message
    await tavern.stop()


async def test_a_server_without_its_front_end_is_not_taken_for_a_started_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BROKEN", "libs")
    with pytest.raises(DemoError, match="front-end libraries could not be compiled"):
        await prepare(VERSION)
    monkeypatch.delenv("BROKEN")
    assert (await prepare(VERSION)).is_dir()


async def test_a_server_that_never_answers_is_stopped_at_the_limit(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare(VERSION)
    (program / "server.js").write_text("setInterval(() => {}, 1000); console.log('thinking');", "utf-8")
    monkeypatch.setattr("tavernlink.demo.sillytavern._START_SECONDS", 1.0)
    tavern = SillyTavern(version=VERSION)
    with pytest.raises(DemoError, match=r"did not answer within 1 s.*\n.*thinking"):
        await tavern.start()
    await tavern.stop()


async def test_a_wanted_port_is_taken_and_a_busy_one_named() -> None:
    port = free_port()
    async with SillyTavern(version=VERSION, port=port) as tavern:
        assert tavern.url == f"http://127.0.0.1:{port}"
        second = SillyTavern(version=VERSION, port=port)
        with pytest.raises(DemoError, match=f"Port {port} is in use"):
            await second.start()
        await second.stop()
        assert await fetch(tavern.url) == str(tavern.data)
    assert is_free(port)


async def test_a_free_port_that_somebody_else_took_meanwhile_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with SillyTavern(version=VERSION) as first:
        taken = int(first.url.rpartition(":")[2])
        ports = iter([taken, free_port()])
        monkeypatch.setattr("tavernlink.demo.server.free_port", lambda: next(ports))
        async with SillyTavern(version=VERSION) as second:
            assert await fetch(second.url) == str(second.data)
            assert await fetch(first.url) == str(first.data)


async def test_a_stopped_server_has_no_address() -> None:
    with pytest.raises(DemoError, match="not running"):
        _ = SillyTavern(version=VERSION, keep=True).url
