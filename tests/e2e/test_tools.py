"""Functions as the model's tools, called from real SillyTavern turns; functions of the page; the slash command."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

import tavernlink
from tavernlink.config.mcp import McpServer, McpSettings
from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.demo.model import Model
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.errors import TavernlinkError
from tavernlink.sdk import Hub
from tavernlink.tab import Tab, TabOptions
from tests.e2e.conftest import Witness
from tests.e2e.desk import SETTLED
from tests.e2e.drawer import drawer_at
from tests.e2e.patience import PATIENCE

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TIME_LIMIT = 1.5

HUB_FUNCTIONS = '''
import asyncio
import tavernlink

@tavernlink.function(tool=True)
def harbour(place: str) -> str:
    """Tell of a harbour."""
    return f"{place} has nine piers"

@tavernlink.function(tool=True, timeout=LIMIT)
async def silence() -> str:
    """Never answers."""
    await asyncio.Event().wait()
    return ""

@tavernlink.function
def unoffered() -> str:
    """Not for models."""
    return "hidden"
'''

MCP_SERVER = '''
from mcp.server.mcpserver import MCPServer

server = MCPServer("almanac")

@server.tool()
def tide(place: str) -> str:
    """Tell the tide."""
    return f"the tide at {place} is low"

server.run()
'''


class World(NamedTuple):
    """A hub with a Python function and an MCP server, a program with a function, and a tab that is connected."""

    hub: RunningHub
    app: Hub
    tab: Tab
    asked: list[dict[str, Any]]
    """Arguments with which the program's function was called."""

    async def send(self, text: str) -> str:
        """Have the person say it; return the reply once the turn is over."""
        await self.tab.page.wait_for_function(SETTLED)
        await self.tab.evaluate(
            """async (text) => {
                document.querySelector('#send_textarea').value = text;
                await SillyTavern.getContext().generate('normal');
            }""",
            text,
        )
        await self.tab.page.wait_for_function(SETTLED)
        return str(await self.tab.evaluate("() => SillyTavern.getContext().chat.at(-1).mes"))

    async def until(self, script: str, argument: Any = None) -> None:
        await self.tab.page.wait_for_function(script, arg=argument, timeout=PATIENCE * 1000)


REGISTERED = """(names) => {
    const there = SillyTavern.getContext().ToolManager.tools.map((tool) => tool.toFunctionOpenAI().function.name);
    return names.every((name) => there.includes(name));
}"""
GONE = """(name) => !SillyTavern.getContext().ToolManager.tools
    .some((tool) => tool.toFunctionOpenAI().function.name === name)"""
CALLING = "(on) => { SillyTavern.getContext().chatCompletionSettings.function_calling = on; }"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def opened(
    tmp_path_factory: pytest.TempPathFactory,
    browser: Browser,
    sillytavern: SillyTavern,
    model_server: Model,
    witness: Witness,
) -> AsyncIterator[World]:
    data: Path = tmp_path_factory.mktemp("tools-hub")
    (data / "functions").mkdir()
    (data / "functions" / "harbours.py").write_text(HUB_FUNCTIONS.replace("LIMIT", str(TIME_LIMIT)))
    (data / "almanac.py").write_text(MCP_SERVER)
    servers = {"almanac": McpServer(command=sys.executable, args=[str(data / "almanac.py")])}
    context = await browser.new_context()
    async with (
        open_hub(data, mcp=McpSettings(servers=servers)) as hub,
        tavernlink.connect(hub.url, hub.app_key, name="Dice bot") as app,
        Tab(
            TabOptions(
                url=sillytavern.url,
                hub=hub.url,
                key=hub.tavern_key,
                model_url=model_server.url,
                character="default_Seraphina.png",
                name="tools",
            ),
            context=context,
            report=witness.console.append,
            on_page=witness.watch,
        ) as tab,
    ):
        asked: list[dict[str, Any]] = []

        @app.function(tool=True)
        async def roll(sides: int) -> dict[str, Any]:
            """Roll a die."""
            asked.append({"sides": sides})
            return {"rolled": sides - 2}

        await tab.evaluate(CALLING, True)
        yield World(hub, app, tab, asked)
        await tab.evaluate(CALLING, False)
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def world(opened: World, model: Model) -> World:
    await opened.tab.page.wait_for_function(SETTLED)
    await opened.until(REGISTERED, ["harbour", "silence", "roll", "tide"])
    await opened.tab.new_chat()
    opened.asked.clear()
    return opened


def offered(model: Model) -> list[str]:
    """Names of the tools in the model's last request."""
    return sorted(tool["function"]["name"] for tool in model.requests[-1].body.get("tools", ()))


async def test_a_hubs_an_apps_and_an_mcp_servers_function_answer_in_a_turn(
    world: World, model: Model
) -> None:
    for tool, result in (
        ('harbour {"place": "Rivermouth"}', "Rivermouth has nine piers"),
        ('roll {"sides": 6}', '{"rolled":4}'),
        ('tide {"place": "Rivermouth"}', "the tide at Rivermouth is low"),
    ):
        reply = await world.send(f"Well? [tool={tool}] [tokens=14]")
        assert reply.startswith('The tool answered: "')
        assert result in reply
        assert offered(model) == ["harbour", "roll", "silence", "tide"]
    assert world.asked == [{"sides": 6}]
    # Several in one turn, and one that the model calls wrongly: it is told what is wrong.
    reply = await world.send(
        'All! [tool=harbour {"place": "A"}] [tool=roll {"sides": "six"}] [tool=roll {"sides": 20}] [tokens=40]'
    )
    assert '"A has nine piers"' in reply
    assert "invalid_arguments" in reply
    assert "$.sides" in reply or "sides" in reply
    assert '{"rolled":18}' in reply


async def test_a_function_that_never_answers_costs_its_time_limit_and_no_more(
    world: World, model: Model
) -> None:
    started = time.monotonic()
    reply = await world.send("Hello? [tool=silence] [tokens=30]")
    took = time.monotonic() - started
    assert "Error (timeout)" in reply
    assert TIME_LIMIT <= took < TIME_LIMIT + 8
    assert model.count == 2


async def test_stop_ends_the_call_and_the_turn(world: World, model: Model) -> None:
    await world.tab.evaluate(
        """() => tavernlink.registerFunction({ name: 'ponder', tool: true, timeout: 50 }, (_, { signal }) =>
            new Promise((resolve) => {
                globalThis.pondering = true;
                signal.addEventListener('abort', () => { globalThis.pondering = 'aborted'; resolve('late'); });
            })).ready"""
    )
    await world.until(REGISTERED, ["ponder"])
    turn = asyncio.ensure_future(world.send("Think! [tool=ponder] [tokens=9]"))
    await world.until("() => globalThis.pondering === true")
    assert await world.tab.page.locator("#mes_stop").is_visible()
    await world.tab.page.locator("#mes_stop").click()
    await turn
    await world.until("() => globalThis.pondering === 'aborted'")
    assert model.count == 1  # no generation followed
    # The same by a program that asked for the turn and takes it back.
    tavern = world.app.tavern("tools")
    reply = tavern.send("Think again! [tool=ponder] [tokens=9]")
    await world.until("() => globalThis.pondering === true")
    await reply.cancel()
    with pytest.raises(TavernlinkError) as cancelled:
        await reply
    assert cancelled.value.code == "cancelled"
    await world.until("() => globalThis.pondering === 'aborted'")
    await world.tab.page.wait_for_function(SETTLED)
    assert model.count == 2
    await world.tab.evaluate("() => tavernlink.unregisterFunction('ponder')")
    await world.until(GONE, "ponder")
    # The next turn is not touched by it.
    assert "You said" in await world.send("Again [tokens=9]")


async def test_images_are_shown_and_a_stealth_tool_ends_the_turn(world: World, model: Model) -> None:
    @world.app.function(tool=True)
    async def sketch() -> list[Any]:
        """Draw something."""
        return ["A dot.", {"type": "file", "mime": "image/png", "data": PIXEL, "name": "dot"}]

    await world.until(REGISTERED, ["sketch"])
    reply = await world.send("Draw [tool=sketch] [tokens=20]")
    assert "A dot." in reply
    assert "image/png" in reply
    assert PIXEL not in json.dumps(model.requests[-1].body)
    media = await world.tab.evaluate(
        "() => SillyTavern.getContext().chat.find((one) => one.extra?.tool_invocations)?.extra.media"
    )
    assert [one["type"] for one in media] == ["image"]
    await world.until('(url) => !!document.querySelector(`#chat img[src*="${url}"]`)', media[0]["url"])
    assert await world.app.withdraw("sketch") == 1
    await world.until(GONE, "sketch")

    await world.tab.evaluate(
        """() => tavernlink.registerFunction({ name: 'ring', tool: true, stealth: true },
            () => { globalThis.rang = true; }).ready"""
    )
    await world.until(REGISTERED, ["ring"])
    model.forget()
    await world.send("Ring! [tool=ring]")
    assert await world.tab.evaluate("() => globalThis.rang") is True
    assert model.count == 1
    await world.tab.evaluate("() => tavernlink.unregisterFunction('ring')")


async def test_the_person_chooses_which_functions_are_offered(world: World, model: Model) -> None:
    async def offered_now() -> list[str]:
        await world.send("hello [tokens=5]")
        return offered(model)

    async with drawer_at(world.tab, "tools") as drawer:
        scope, choice = drawer.locator("#tavernlink_tools_scope"), drawer.locator("#tavernlink_tools_choice")
        force: Any = {"force": True}

        try:
            await scope.select_option("chat", **force)
            await choice.select_option("none", **force)
            assert await offered_now() == []
            await world.tab.evaluate(
                """() => [...document.querySelectorAll('[data-part="tools"] label')]
                    .find((label) => label.textContent.startsWith('roll')).querySelector('input').click()"""
            )
            await expect(choice).to_have_value("some")
            assert await offered_now() == ["roll"]
            await expect(drawer.locator('[data-part="tools-status"]')).to_contain_text("1 of 4")
            await world.tab.new_chat()  # that was said of the other chat
            assert await offered_now() == ["harbour", "roll", "silence", "tide"]
            await scope.select_option("character", **force)
            await choice.select_option("none", **force)
            assert await offered_now() == []
        finally:
            await scope.select_option("character", **force)
            await choice.select_option("inherit", **force)
        assert "roll" in await offered_now()


async def test_functions_of_the_page_are_called_by_programs_and_from_frames(world: World) -> None:
    await world.tab.evaluate(
        """() => {
            globalThis.heard = [];
            const { eventSource } = SillyTavern.getContext();
            eventSource.on('tavernlink_call', ({ name }) => globalThis.heard.push(name));
            // A script of Tavern Helper: in a frame of its own.
            const frame = document.createElement('iframe');
            frame.srcdoc = `<script>
                const { tavernlink } = window.parent;
                window.parent.moodReady = tavernlink.registerFunction({
                    name: 'mood.set',
                    parameters: { type: 'object', properties: { mood: { type: 'string' } }, required: ['mood'] },
                }, async ({ mood }, { progress, caller, call }) => {
                    progress(1, 2, 'half way');
                    if (mood === 'sour') throw Object.assign(new Error('Not today.'), { code: 'out_of_lemons' });
                    const place = await call('harbour', { place: mood });
                    return { mood, by: caller.name, place, bytes: new Uint8Array([1, 2, 3]) };
                }).ready;
            <\\/script>`;
            document.body.append(frame);
        }"""
    )
    await world.until("() => globalThis.moodReady !== undefined")
    assert (await world.tab.evaluate("() => globalThis.moodReady")).endswith("/mood.set")
    assert [each["name"] for each in await world.tab.evaluate("() => tavernlink.functions()")] == ["mood.set"]
    progress: list[Any] = []
    result = await world.app.begin_call("mood.set", {"mood": "merry"}, on_progress=progress.append)
    assert result == {
        "mood": "merry",
        "by": "Dice bot",
        "place": "merry has nine piers",
        "bytes": {"type": "file", "mime": "application/octet-stream", "data": "AQID"},
    }
    assert [(one.progress, one.total, one.message) for one in progress] == [(1, 2, "half way")]
    with pytest.raises(TavernlinkError) as thrown:
        await world.app.begin_call("mood.set", {"mood": "sour"})
    assert (thrown.value.code, thrown.value.message) == ("out_of_lemons", "Not today.")
    with pytest.raises(TavernlinkError) as wrong:
        await world.app.begin_call("mood.set", {})
    assert wrong.value.code == "invalid_arguments"
    # Only the two that fitted came here.
    assert await world.tab.evaluate("() => globalThis.heard") == ["mood.set", "mood.set"]
    # They outlive a new session with the hub.
    await world.tab.reload()
    await world.tab.evaluate(CALLING, True)
    early = """() => {
        const { ready } = tavernlink.registerFunction({ name: 'early' }, () => 'bird');
        return ready;
    }"""
    assert (await world.tab.evaluate(early)).endswith("/early")
    assert await world.app.begin_call("early") == "bird"


async def test_the_slash_command_and_the_page_call_any_function(world: World) -> None:
    run = """async (script) => {
        const context = SillyTavern.getContext();
        const done = await context.executeSlashCommandsWithOptions(script, { handleExecutionErrors: true });
        return { pipe: done.pipe, error: done.errorMessage ?? '' };
    }"""
    done = await world.tab.evaluate(run, '/tavernlink-call name=roll {"sides": 8}')
    assert json.loads(done["pipe"]) == {"rolled": 6}
    done = await world.tab.evaluate(run, '/tavernlink-call name=harbour {"place": "X"} | /echo {{pipe}}')
    assert "X has nine piers" in done["pipe"]
    done = await world.tab.evaluate(run, "/tavernlink-call name=nothing_like_it")
    assert "nothing_like_it" in done["error"]
    done = await world.tab.evaluate(run, "/tavernlink-call name=silence timeout=0.3")
    assert "0.3" in done["error"] or "time" in done["error"]

    call = """async ([name, args, options]) => {
        try { return { result: await tavernlink.call(name, args, options ?? {}) }; }
        catch (error) { return { code: error.code }; }
    }"""
    assert await world.tab.evaluate(call, ["unoffered", {}]) == {"result": "hidden"}
    assert await world.tab.evaluate(call, ["roll", {"sides": "x"}]) == {"code": "invalid_arguments"}
    cancelled = await world.tab.evaluate(
        """async () => {
            const giving = new AbortController();
            const call = tavernlink.call('silence', {}, { signal: giving.signal }).catch(({ code }) => code);
            giving.abort();
            return call;
        }"""
    )
    assert cancelled == "cancelled"
