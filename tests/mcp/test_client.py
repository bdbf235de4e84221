"""MCP servers of the settings as functions of the hub."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from tavernlink.config import SettingsError, load_settings
from tavernlink.config.mcp import McpServer, McpSettings
from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.errors import GenerationError, TavernlinkError, Unavailable
from tavernlink.protocol.functions import FunctionProgress
from tavernlink.sdk import Hub, connect
from tests.mcp.house import until
from tests.mcp.weather import server as weather

pytestmark = pytest.mark.timeout(400)

WEATHER = Path(__file__).with_name("weather.py")
TOOLS = {"weather", "add", "picture", "wait", "secret", "die"}


def a_server(*args: object, **settings: Any) -> McpServer:
    return McpServer(command=sys.executable, args=[str(WEATHER), *map(str, args)], **settings)


@contextlib.asynccontextmanager
async def a_hub(folder: Path, **servers: McpServer) -> AsyncIterator[tuple[RunningHub, Hub]]:
    settings = McpSettings(servers=servers)
    async with open_hub(folder / "hub", mcp=settings) as hub, connect(hub.url, hub.app_key) as app:
        yield hub, app


async def running(app: Hub, name: str) -> set[str]:
    """Wait until a server's functions are there; returns their names."""
    async with app.subscribe("functions.changed") as changes:
        while not (found := await app.functions(provider=f"mcp:{name}")):
            await anext(changes)
    return {each.name for each in found}


async def told_by(hub: RunningHub) -> dict[str, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {hub.admin_key}"}
    async with httpx.AsyncClient(base_url=hub.url, headers=headers) as http:
        answer = await http.get("/api/mcp")
    return {each["name"]: each for each in answer.json()["result"]}


async def waiting(hub: RunningHub, name: str) -> dict[str, Any]:
    """Wait until a server is away; returns how it is."""
    while (told := (await told_by(hub))[name])["error"] is None:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return told


async def test_tools_are_functions_with_results_files_progress_and_cancel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_HUB", "sesame")
    server = a_server(tmp_path, env={"WEATHER_TOKEN": "open ${TOKEN_OF_THE_HUB}"}, timeout=30)
    async with a_hub(tmp_path, sky=server) as (hub, app):
        assert await running(app, "sky") == TOOLS
        found = {each.name: each for each in await app.functions(provider="mcp:sky")}
        assert found["weather"].address == "mcp:sky/weather"
        assert found["weather"].title == "The weather"
        assert found["weather"].description == "How the weather is in a city."
        assert found["weather"].tool
        assert found["weather"].parameters["required"] == ["city"]

        assert await app.call("weather", city="Rome") == {"result": "It is sunny in Rome."}
        assert await app.call("mcp:sky/add", a=2, b=3) == {"sum": 5}
        assert await app.call("secret") == {"result": "open sesame"}
        assert await app.call("picture") == [{"type": "file", "mime": "image/png", "data": "iVBORw=="}]
        with pytest.raises(TavernlinkError, match="city"):
            await app.call("weather", town="Rome")

        told: list[FunctionProgress] = []
        calling = app.begin_call("wait", on_progress=told.append)
        await until(lambda: bool(told))
        assert (told[0].progress, told[0].total, told[0].message) == (1, 2, "Waiting.")
        await calling.cancel()
        with pytest.raises(GenerationError, match="cancelled"):
            await calling
        await until((tmp_path / "cancelled").exists)
        with pytest.raises(Unavailable) as late:
            await app.call("wait", timeout=0.3)
        assert late.value.code == "timeout"

        (told_now,) = (await told_by(hub)).values()
        assert told_now["state"] == "running"
        assert told_now["server"] == "Weather 3"
        assert "mcp:sky/weather" in told_now["tools"]
        admin = {"Authorization": f"Bearer {hub.admin_key}"}
        async with httpx.AsyncClient(base_url=hub.url, headers=admin) as http:
            settings = (await http.get("/api/settings")).text
        assert "WEATHER_TOKEN" in settings
        assert "TOKEN_OF_THE_HUB" not in settings
        assert "sesame" not in settings


async def test_one_that_dies_is_started_again_and_its_functions_come_back(tmp_path: Path) -> None:
    async with a_hub(tmp_path, sky=a_server(tmp_path)) as (hub, app):
        await running(app, "sky")
        async with app.subscribe("functions.changed") as changes:
            with pytest.raises(TavernlinkError) as gone:
                await app.call("die")
            assert gone.value.code == "provider_gone"
            assert "mcp:sky/weather" in (await anext(changes)).removed  # type: ignore[attr-defined]
        assert "The roof fell in." in (await waiting(hub, "sky"))["error"]
        assert await running(app, "sky") == TOOLS
        assert await app.call("weather", city="Rome") == {"result": "It is sunny in Rome."}
        assert len([each for each in os.listdir(tmp_path) if each.startswith("started-")]) == 2  # noqa: PTH208
        told = (await told_by(hub))["sky"]
        assert (told["state"], told["error"], told["restarts"]) == ("running", None, 1)


async def test_what_is_no_mcp_server_harms_nothing_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    then_wait = "; sys.stdout.flush(); time.sleep(1000)"
    chatter = "import sys, time; sys.stdout.write('token=hunter2\\n' * 200)" + then_wait
    mumbler = "import sys, time; sys.stdout.write('x' * (17 << 20))" + then_wait
    servers = {
        "chatter": McpServer(command=sys.executable, args=["-IS", "-c", chatter]),
        "mumbler": McpServer(command=sys.executable, args=["-IS", "-c", mumbler]),
        "quitter": McpServer(command=sys.executable, args=["-IS", "-c", "raise SystemExit('No licence.')"]),
        "missing": McpServer(command=str(tmp_path / "nowhere")),
        "nobody": McpServer(url="http://127.0.0.1:9/mcp"),
        "unset": a_server(env={"A": "${NO_SUCH_VARIABLE}"}),
        "silent": McpServer(command=sys.executable, args=["-IS", "-c", "import time; time.sleep(1000)"]),
        "off": a_server(enabled=False),
        "sky": a_server(tools=["weather", "a*"], offer=False),
    }
    with caplog.at_level(logging.DEBUG):
        async with a_hub(tmp_path, **servers) as (hub, app):
            assert await running(app, "sky") == {"weather", "add"}
            assert not any(each.tool for each in await app.functions(provider="mcp:sky"))
            assert "not MCP" in (await waiting(hub, "chatter"))["error"]
            assert "does not end" in (await waiting(hub, "mumbler"))["error"]
            assert "No licence." in (await waiting(hub, "quitter"))["error"]
            assert "cannot be started" in (await waiting(hub, "missing"))["error"]
            assert (await waiting(hub, "nobody"))["state"] in ("waiting", "starting")
            assert "NO_SUCH_VARIABLE" in (await waiting(hub, "unset"))["error"]
            told = await told_by(hub)
            assert told["silent"]["state"] in ("starting", "waiting")  # for its next try, on a slow machine
            assert told["off"]["state"] == "disabled"
            assert await app.call("weather", city="Rome") == {"result": "It is sunny in Rome."}
    assert "hunter2" not in caplog.text


async def test_settings_start_and_stop_servers_while_the_hub_runs(tmp_path: Path) -> None:
    async with a_hub(tmp_path) as (hub, app):
        admin = {"Authorization": f"Bearer {hub.admin_key}"}
        async with httpx.AsyncClient(base_url=hub.url, headers=admin, timeout=30) as http:
            table = {"command": sys.executable, "args": [str(WEATHER)]}
            answer = await http.patch("/api/settings", json={"mcp": {"servers": {"sky": table}}})
            assert answer.status_code == 200, answer.text
            assert await running(app, "sky") == TOOLS
            restarted = await http.post("/api/mcp/sky/restart")
            assert restarted.status_code == 200
            assert (await http.post("/api/mcp/sea/restart")).status_code == 404
            app_key = {"Authorization": f"Bearer {hub.app_key}"}
            assert (await http.get("/api/mcp", headers=app_key)).status_code == 403
            wrong = await http.patch("/api/settings", json={"mcp": {"servers": {"sky": {}}}})
            assert wrong.status_code == 400
            async with app.subscribe("functions.changed") as changes:
                await http.patch("/api/settings", json={"mcp": None})
                while await app.functions(provider="mcp:sky"):
                    await anext(changes)
            assert await told_by(hub) == {}


async def test_a_server_at_an_address_is_used_by_http(tmp_path: Path) -> None:
    app = weather.streamable_http_app()
    seen: list[str] = []

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen.append(dict(scope["headers"]).get(b"x-api-key", b"").decode())
        await app(scope, receive, send)

    listening = uvicorn.Server(uvicorn.Config(guarded, port=0, log_config=None, timeout_graceful_shutdown=1))
    listening.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    serving = asyncio.create_task(listening.serve())
    await until(lambda: listening.started)
    port = listening.servers[0].sockets[0].getsockname()[1]
    server = McpServer(url=f"http://127.0.0.1:{port}/mcp", headers={"X-Api-Key": "sesame"})
    try:
        async with a_hub(tmp_path, far=server) as (hub, hub_app):
            assert await running(hub_app, "far") == TOOLS
            assert await hub_app.call("mcp:far/weather", city="Oslo") == {"result": "It is sunny in Oslo."}
            assert set(seen) == {"sesame"}
            assert (await told_by(hub))["far"]["transport"] == "http"
    finally:
        listening.should_exit = True
        await serving


async def test_a_hub_that_uses_itself_does_not_hand_tools_round(tmp_path: Path) -> None:
    async with open_hub(tmp_path / "hub") as hub, connect(hub.url, hub.app_key) as app:
        own = {"url": f"{hub.url}/mcp", "headers": {"Authorization": f"Bearer {hub.app_key}"}}
        sky = {"command": sys.executable, "args": [str(WEATHER)]}
        hub.server.configuration.edit({"mcp": {"servers": {"self": own, "sky": sky}}})
        names = await running(app, "self")
        await running(app, "sky")
        assert "send_message" in names
        assert "self_send_message" not in names
        assert not names & TOOLS
        assert (await app.call("mcp:self/list_taverns"))["taverns"] == []


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("[mcp.servers.sky]", "`command` or `url`"),
        ("[mcp.servers.sky]\ncommand = 'x'\nurl = 'http://x'", "`command` or `url`"),
        ("[mcp.servers.sky]\nurl = 'ftp://x'", "http"),
        ("[mcp.servers.sky]\nurl = 'http://x'\nargs = ['a']", "go with `command`"),
        ("[mcp.servers.sky]\ncommand = 'x'\nheaders = {a = 'b'}", "go with `url`"),
        ("[mcp.servers.'a b']\ncommand = 'x'", "name"),
        ("[mcp.servers.sky]\ncomand = 'x'", "comand"),
    ],
)
def test_a_wrong_entry_is_refused_with_what_is_wrong(tmp_path: Path, table: str, why: str) -> None:
    (tmp_path / "tavernlink.toml").write_text(table)
    with pytest.raises(SettingsError, match=why):
        load_settings({"data_dir": tmp_path}, {})
