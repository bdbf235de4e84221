"""Pictures of the screens that a terminal shows, as SVG: for the documents, and of what the tests do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from textual.app import App

from tavernlink.errors import GenerationError
from tavernlink.sdk import Hub, connect
from tavernlink.terminal.chat.app import ChatApp
from tavernlink.terminal.chat.drafts import Drafts
from tavernlink.terminal.language import Language, Words
from tavernlink.terminal.top.app import TopApp

__all__ = ["picture_of", "take_chat", "take_top"]

_SIZE: Final = (100, 28)
_WAIT_SECONDS: Final = 60.0
_LONG: Final = "[tokens=2000] [speed=20]"
_WATCHED: Final = 12
"""Seconds that the small charts show."""


def picture_of(face: App[Any]) -> str:
    """Return what is on the screen now."""
    svg = face.export_screenshot(title="tavernlink")
    # What holds wide letters is given the width of as many narrow ones, which squeezes them.
    return re.sub(r'(<text[^>]*?) textLength="[\d.]+"([^>]*>[^<]*[\u2e80-\uffef])', r"\1\2", svg)


async def take_top(url: str, key: str, language: Language) -> str:
    """Return a picture of `tavernlink top` while two programs have something written, beside the open chat."""
    async with (
        connect(url, key, name="Discord bot") as bot,
        connect(url, key, name="Night diary") as diary,
    ):
        tavern = (await bot.taverns())[0].tavern_id
        asked = [
            asyncio.create_task(_generate(hub, tavern, text))
            for hub, text in ((bot, f"Tell me of the garden. {_LONG}"), (diary, f"And of the night? {_LONG}"))
        ]
        top = TopApp(connect(url, key, name="tavernlink top"), Words(language), shade="dark")
        try:
            async with _open(top) as wait:
                await wait(lambda: len(top.board.tokens) >= _WATCHED and len(top.board.open_requests) == 2)
                return picture_of(top)
        finally:
            await top.hub.close()
            for request in await bot.requests.list():
                await bot.requests.cancel(request.request_id)
            await asyncio.gather(*asked)


async def take_chat(url: str, key: str, language: Language) -> str:
    """Return a picture of `tavernlink chat` with the open chat in it."""
    chat = ChatApp(
        connect(url, key, name="tavernlink chat"),
        Words(language),
        drafts=Drafts(None),
        shade="dark",
    )
    try:
        async with _open(chat) as wait:
            await wait(lambda: chat.end > 0 and chat.composer.has_focus)
            return picture_of(chat)
    finally:
        await chat.hub.close()


@asynccontextmanager
async def _open(face: App[Any]) -> AsyncIterator[Callable[[Callable[[], object]], Any]]:
    """Run a screen without a terminal; gives a wait for something to hold."""
    async with face.run_test(size=_SIZE) as pilot:

        async def wait(holds: Callable[[], object]) -> None:
            async with asyncio.timeout(_WAIT_SECONDS):
                while not holds():
                    await pilot.pause(0.1)
            await pilot.pause(0.5)

        yield wait


async def _generate(hub: Hub, tavern: str, text: str) -> None:
    messages = [{"role": "user", "content": text}]
    try:
        await hub.tavern(tavern).generate("detached", messages=messages)
    except GenerationError as error:
        if error.code != "cancelled":  # as it is when the picture is taken
            raise
