"""A long reply of a real SillyTavern reaches a program whole, over a line that is cut again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tavernlink.demo.hub import RunningHub
from tavernlink.protocol.streams import StreamDelta, StreamEnd
from tavernlink.sdk import connect
from tavernlink.tab import Tab
from tests.sdk.cutting_proxy import CuttingProxy

TOKENS = 2_000
CUTS = (100, 400, 800, 1_200)  # after so many deltas

_SET_LENGTHS = """
([context, reply]) => {
    const settings = SillyTavern.getContext().chatCompletionSettings;
    const before = [settings.openai_max_context, settings.openai_max_tokens];
    [settings.openai_max_context, settings.openai_max_tokens] = [context, reply];
    return before;
}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def talkative_tab(tab: Tab) -> AsyncIterator[Tab]:
    """A tab whose preset allows long replies."""
    before = await tab.evaluate(_SET_LENGTHS, [16_000, TOKENS + 100])
    yield tab
    await tab.evaluate(_SET_LENGTHS, before)


async def test_a_program_whose_line_is_cut_loses_and_doubles_nothing(
    hub: RunningHub, talkative_tab: Tab
) -> None:
    async with CuttingProxy(hub.url) as proxy, connect(proxy.url, hub.app_key, name="resume") as app:
        before = (await app.tavern("shared").chat(limit=1)).total
        reply = app.tavern("shared").send(f"Tell me everything. [tokens={TOKENS}] [speed=500]")
        deltas: list[StreamDelta] = []
        end: StreamEnd | None = None
        async for event in reply.events():
            if isinstance(event, StreamEnd):
                end = event
            if isinstance(event, StreamDelta) and event.channel == "text":
                deltas.append(event)
                if len(deltas) in CUTS:
                    await proxy.connected(CUTS.index(len(deltas)) + 1)
                    proxy.cut()
        result = await reply
        text = "".join(delta.text for delta in deltas)
        assert proxy.connections == len(CUTS) + 1
        assert len(deltas) > CUTS[-1]
        assert not any(delta.replace for delta in deltas)
        assert [delta.seq for delta in deltas] == list(range(1, len(deltas) + 1))
        assert end is not None
        assert text == end.text == result.text
        assert len(text.split()) >= TOKENS / 2
        view = await app.tavern("shared").chat(limit=1)
        assert view.total == before + 2
        assert view.messages[0].text == result.text
