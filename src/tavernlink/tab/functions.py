"""The functions that a keeper offers: `tab.list`, `tab.screenshot`, `tab.restart`, `tab.answer` (docs/guide/tab.md)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import msgspec

from tavernlink.errors import BadMessage, NotFound, Unavailable
from tavernlink.protocol.functions import Caller
from tavernlink.sdk.context import Context
from tavernlink.sdk.offering import function
from tavernlink.tab.errors import BrowserTabError
from tavernlink.tab.kept import KeptTab
from tavernlink.tab.page import react
from tavernlink.tab.status import TabInfo
from tavernlink.tab.tab import Tab

__all__ = ["Screenshot", "TabFunctions"]

_Width = Annotated[int, msgspec.Meta(ge=64, le=2_560)]
_PICTURE_SECONDS = 20.0


class Screenshot(msgspec.Struct, kw_only=True):
    """A picture of a tab."""

    tab: str
    taken: float
    """Seconds since 1970."""
    width: int
    height: int
    image: dict[str, Any]
    """`{"type": "file", "mime", "data": base64}`."""


class TabFunctions:
    """What programs may ask of these tabs, each for the taverns that its key reaches."""

    def __init__(self, tabs: Sequence[KeptTab]) -> None:
        self._tabs = tabs

    @property
    def all(self) -> list[Callable[..., Any]]:
        """The functions, to be served."""

        @function(name="tab.list", title="Tabs", scopes=["chat:read"])
        async def show(ctx: Context) -> list[TabInfo]:
            """List the SillyTavern tabs that are kept open here, and how they are."""
            return [kept.info for kept in self._seen_by(ctx.caller)]

        @function(name="tab.screenshot", title="Screenshot of a tab", scopes=["chat:read"], concurrency=2)
        async def screenshot(
            tab: str,
            width: _Width = 800,
            format: Literal["jpeg", "png"] = "jpeg",  # noqa: A002
            *,
            ctx: Context,
        ) -> Screenshot:
            """Take a picture of what a tab shows.

            Args:
                tab: its name, or the id of its tavern
                width: of the picture, in pixels; the height follows
                format: of the picture
            """
            kept = self._named(tab, ctx.caller)
            return await _picture(kept.name, _open(kept), width, format)

        @function(name="tab.restart", title="Open a tab anew", scopes=["control"])
        async def restart(tab: str, when_idle: bool = True, *, ctx: Context) -> TabInfo:  # noqa: FBT001, FBT002
            """Close a tab's browser and open it anew.

            Args:
                tab: its name, or the id of its tavern
                when_idle: wait for what it generates, a minute at most
            """
            kept = self._named(tab, ctx.caller)
            kept.restart(f"{ctx.caller.name!r} asked for it", when_idle=when_idle)
            return kept.info

        @function(name="tab.answer", title="Answer a tab's dialog", scopes=["control"])
        async def answer(
            tab: str, dialog: str, answer: str, text: str | None = None, *, ctx: Context
        ) -> TabInfo:
            """Press a button of a dialog that blocks a tab.

            Args:
                tab: its name, or the id of its tavern
                dialog: the id of the dialog, from `tab.list`
                answer: what stands on the button, or ok, cancel, close
                text: for a dialog that asks for one
            """
            kept = self._named(tab, ctx.caller)
            await _press(kept, _open(kept), dialog, answer, text)
            return kept.info

        return [show, screenshot, restart, answer]

    def _seen_by(self, caller: Caller) -> list[KeptTab]:
        return [kept for kept in self._tabs if _reaches(caller, kept)]

    def _named(self, words: str, caller: Caller) -> KeptTab:
        seen = self._seen_by(caller)
        for kept in seen:
            if words in (kept.name, kept.tavern):
                return kept
        names = ", ".join(kept.name for kept in seen) or "none"
        raise NotFound(
            "unknown_tab", f"No tab {words!r} is kept here, as far as this key reaches. There is: {names}."
        )


def _reaches(caller: Caller, kept: KeptTab) -> bool:
    if caller.kind == "tavern":  # its key is for itself
        return kept.tavern == caller.id
    return caller.taverns is None or not {kept.tavern, kept.options.name}.isdisjoint(caller.taverns)


def _open(kept: KeptTab) -> Tab:
    if kept.tab is None:
        why = kept.info.reason or "It is being opened."
        raise Unavailable("tab_lost", f"The tab {kept.name!r} is not open. {why}")
    return kept.tab


async def _press(kept: KeptTab, tab: Tab, dialog: str, answer: str, text: str | None) -> None:
    pressed = await tab.press(dialog, answer, text)
    if pressed is None:
        raise NotFound("unknown_dialog", f"No dialog {dialog!r} is open in {kept.name!r} any more.")
    if not pressed:
        answers = next((each.answers for each in tab.popups.open if each.id == dialog), [])
        raise BadMessage("invalid_arguments", f"The dialog has no {answer!r}. It has: {', '.join(answers)}.")
    try:
        await react(tab.beat())
    except BrowserTabError:  # pressing it may load the page anew
        tab.popups.forget()
    kept.refresh()


async def _picture(name: str, tab: Tab, width: int, kind: Literal["jpeg", "png"]) -> Screenshot:
    """Return a picture, scaled by the browser: there is no need for a library of pictures here."""
    viewport = tab.page.viewport_size or {"width": 1280, "height": 720}
    scale = width / viewport["width"]
    try:
        session = await react(tab.page.context.new_cdp_session(tab.page))
        try:
            step = session.send(
                "Page.captureScreenshot",
                {
                    "format": kind,
                    **({"quality": 70} if kind == "jpeg" else {}),
                    "clip": {
                        "x": 0,
                        "y": 0,
                        "width": viewport["width"],
                        "height": viewport["height"],
                        "scale": scale,
                    },
                },
            )
            data: str = (await react(step, seconds=_PICTURE_SECONDS))["data"]
        finally:
            with contextlib.suppress(BrowserTabError):  # there is a picture, or another error
                await react(session.detach())
    except BrowserTabError as error:
        raise Unavailable("tab_lost", f"The tab {name!r} gave no picture: {error}") from None
    image = {"type": "file", "mime": f"image/{kind}", "data": data}
    height = round(viewport["height"] * scale)
    return Screenshot(tab=name, taken=time.time(), width=width, height=height, image=image)
