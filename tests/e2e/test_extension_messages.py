"""Other extensions and scripts of a SillyTavern page talk to programs: `globalThis.tavernlink`."""

from __future__ import annotations

import asyncio

from tavernlink.protocol.routing import CustomMessage
from tavernlink.sdk import Hub
from tavernlink.tab import Tab
from tests.e2e.overheard import tavern_of
from tests.e2e.patience import PATIENCE

_LISTEN = """() => {
    globalThis.heard = [];
    globalThis.stop = tavernlink.on('x.word.*', ({ type, content, from }) => {
        heard.push([type, content, from.id, from.kind]);
        if (content === 'answer me') tavernlink.send('x.answer', { heard: heard.length }, from.id);
    });
}"""
_SEND = """async ([type, content, to]) => {
    try {
        return (await tavernlink.send(type, content, to)).reached;
    } catch (error) {
        return error.code;
    }
}"""


async def test_a_script_of_the_page_and_a_program_talk_to_each_other(tab: Tab, app: Hub) -> None:
    tavern = await tavern_of(tab)
    messages = app.messages("x.*")
    await tab.evaluate(_LISTEN)
    for word in ("hello", "answer me"):
        assert (await app.send("x.word.say", word, to=tavern)).reached == 1
    await app.send("x.other", 1, to=tavern)
    async with asyncio.timeout(PATIENCE):
        answer: CustomMessage = await anext(messages)
    assert (answer.type, answer.content) == ("x.answer", {"heard": 2})
    assert answer.sender is not None
    assert (answer.sender.id, answer.sender.kind, answer.sender.role) == (tavern, "tavern", "tavern")
    heard = await tab.evaluate("() => heard")
    assert heard == [["x.word.say", word, app.app_id, "app"] for word in ("hello", "answer me")]

    assert await tab.evaluate(_SEND, ["x.mood", {"mood": "merry"}, {"all": True, "kind": "app"}]) >= 1
    async with asyncio.timeout(PATIENCE):
        assert (await anext(messages)).content == {"mood": "merry"}
    assert await tab.evaluate(_SEND, ["x.mood", 1, "Nobody of that name"]) == "unknown_peer"
    assert await tab.evaluate(_SEND, ["chat.send", 1, tavern]) == "unknown_type"

    await tab.evaluate("() => stop()")
    await app.send("x.word.say", "to nobody", to=tavern)
    await tab.evaluate(_SEND, ["x.end", 1, app.app_id])  # behind it on the same line
    assert len(await tab.evaluate("() => heard")) == 2
    messages.close()
