"""What is done with SillyTavern's page, as functions on a Playwright page. Only they know the page's DOM."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from typing import Any, TypeVar

from playwright.async_api import Error, Page
from playwright.async_api import TimeoutError as PageTimeout

from tavernlink.tab import scripts
from tavernlink.tab.errors import BrowserTabError

__all__ = [
    "CONNECTION_ITEM",
    "connect_model",
    "connection_script",
    "open_dialogs",
    "open_page",
    "react",
    "refusal",
    "select_character",
    "sign_in",
    "start_new_chat",
    "wait_connected",
    "wait_usable",
]

CONNECTION_ITEM = "tavernlink.connection"
"""The localStorage item in which the extension remembers its hub."""

_POLL_MS = 50  # by timer: animation frames stop in a page that is not painted
_REACT_SECONDS = 30.0
_ANSWER_SECONDS = 5.0

T = TypeVar("T")


def connection_script(origin: str, connection: dict[str, Any]) -> str:
    """A script that hands the hub's address and key to the extension; it runs before the page's own scripts."""
    item = json.dumps(CONNECTION_ITEM)
    value = json.dumps(json.dumps(connection))
    return f"if (location.origin === {json.dumps(origin)}) localStorage.setItem({item}, {value});"


async def open_page(page: Page, url: str, *, seconds: float) -> None:
    """Load SillyTavern; it is not usable yet. Raises BrowserTabError."""
    try:
        response = await page.goto(url, wait_until="commit", timeout=seconds * 1000)
    except Error as error:
        told = _first_line(error)
        if "ERR_INVALID_AUTH_CREDENTIALS" in told:
            raise BrowserTabError("login_refused", _wrong_basic_auth(url)) from error
        raise BrowserTabError("page_failed", f"SillyTavern at {url} does not answer: {told}") from error
    status = response.status if response else 200
    if status == 401:
        raise BrowserTabError("login_refused", _wrong_basic_auth(url))
    if status >= 400:
        raise BrowserTabError("page_failed", f"SillyTavern at {url} answered with status {status}.")


def _wrong_basic_auth(url: str) -> str:
    return (
        f"SillyTavern at {url} asks for basic authentication, and has not accepted name and password. "
        "Give those of its config.yaml in TAVERNLINK_TAB_BASIC_AUTH, as NAME:PASSWORD."
    )


async def sign_in(page: Page, account: str, password: str) -> bool:
    """Log in to a SillyTavern with accounts; True: the page must be loaded again. Raises BrowserTabError."""
    answer = await react(page.evaluate(scripts.SIGN_IN, {"account": account, "password": password}))
    status = int(answer["status"])
    if status < 300:
        return bool(answer.get("changed"))
    if status == 403:
        raise BrowserTabError(
            "login_refused",
            f"SillyTavern does not let {account!r} in: {answer['error']}. Check name and password.",
        )
    raise BrowserTabError(
        "page_failed", f"SillyTavern answered the login of {account!r} with {status}: {answer['error']}"
    )


async def wait_usable(page: Page, *, seconds: float) -> None:
    """Wait until SillyTavern has loaded, answering the first-run question on the way. Raises BrowserTabError."""
    try:
        while (state := await _wait_for(page, scripts.USABLE, seconds)) == "first-run":
            await page.click("dialog[open]:has(.onboarding) .popup-button-ok", timeout=seconds * 1000)
            await page.wait_for_selector("dialog[open] .onboarding", state="detached", timeout=seconds * 1000)
    except PageTimeout as error:
        dialogs = "; ".join(await open_dialogs(page)) or "no dialog is open"
        raise BrowserTabError(
            "page_failed", f"SillyTavern was not usable after {seconds:.0f} s ({dialogs})."
        ) from error
    except Error as error:
        raise BrowserTabError(
            "page_failed", f"SillyTavern's page broke while it loaded: {_first_line(error)}"
        ) from error
    if state == "login":
        raise BrowserTabError(
            "login_required",
            f"SillyTavern at {page.url} asks for a login. Name an account with --account, and its password in "
            "TAVERNLINK_TAB_PASSWORD; or log in once with `tavernlink tab --show --profile DIR`, then use that.",
        )


async def open_dialogs(page: Page) -> list[str]:
    """The texts of the dialogs that are open and wait for a person; none where the page does not answer."""
    try:
        found = await react(page.evaluate(scripts.DIALOGS), seconds=_ANSWER_SECONDS)
        return [str(dialog["text"]) for dialog in found]
    except BrowserTabError:
        return []


async def react(step: Awaitable[T], *, seconds: float = _REACT_SECONDS) -> T:
    """Wait for a step that Playwright itself does not bound. Raises BrowserTabError where it hangs or breaks."""
    try:
        return await asyncio.wait_for(step, seconds)
    except TimeoutError:
        raise BrowserTabError("page_failed", f"The browser did not react within {seconds:.0f} s.") from None
    except Error as error:
        raise BrowserTabError("page_failed", f"SillyTavern's page broke: {_first_line(error)}") from error


async def connect_model(page: Page, *, url: str, key: str | None, model: str | None, seconds: float) -> None:
    """Connect SillyTavern's chat completion API to an OpenAI-style server, now and after each reload."""
    await react(page.evaluate(scripts.CONNECT_MODEL, {"url": url, "key": key, "model": model}))
    try:
        status = await _wait_for(page, scripts.MODEL_STATUS, seconds)
    except PageTimeout as error:
        raise BrowserTabError(
            "model_failed", f"SillyTavern got no answer from {url} within {seconds:.0f} s."
        ) from error
    if status != "valid":
        raise BrowserTabError(
            "model_failed",
            f"SillyTavern could not connect to the model server at {url} ({status}). Check address and key.",
        )


async def select_character(page: Page, wanted: str, *, chat: str | None = None, tries: int = 20) -> None:
    """Open a character's chat, by avatar file name or name; that of this name, or the one it had open last."""
    for _ in range(tries):
        result = await react(page.evaluate(scripts.SELECT_CHARACTER, {"wanted": wanted, "chat": chat}))
        if result is True:
            return
        if isinstance(result, list):
            known = ", ".join(map(str, result)) or "none"
            raise BrowserTabError(
                "unknown_character", f"SillyTavern has no character {wanted!r}; it has: {known}."
            )
        await page.wait_for_timeout(100)  # a chat is being saved; there is no event for its end
    raise BrowserTabError(
        "unknown_character", f"SillyTavern did not open {wanted!r}: it was busy all the time."
    )


async def start_new_chat(page: Page) -> None:
    """Start a new chat with the open character; the old one stays on disk."""
    if not await react(page.evaluate(scripts.NEW_CHAT)):
        raise BrowserTabError("page_failed", "SillyTavern did not start a new chat. Is a character open?")


async def wait_connected(page: Page, *, seconds: float) -> None:
    """Wait until the extension in the page is connected to its hub."""
    try:
        state = await _wait_for(page, scripts.CONNECTED, seconds)
    except PageTimeout as error:
        state = await react(page.evaluate(scripts.CONNECTION_STATE))
        raise BrowserTabError(
            "hub_failed", f"The extension did not connect within {seconds:.0f} s: {state}."
        ) from error
    if state != "online":
        raise BrowserTabError("hub_refused", refusal(str(state)))


def refusal(state: str) -> str:
    """Return a sentence on why the hub does not let the extension in; `state` is the code and what the hub said."""
    return f"The hub did not accept the tab ({state}). Check the key and its role."


async def _wait_for(page: Page, script: str, seconds: float) -> Any:
    """Wait until the script gives something; raises Playwright's time-out, or BrowserTabError where the page breaks."""
    try:
        handle = await page.wait_for_function(script, timeout=seconds * 1000, polling=_POLL_MS)
        return await handle.json_value()
    except PageTimeout:
        raise
    except Error as error:
        raise BrowserTabError("page_failed", f"SillyTavern's page broke: {_first_line(error)}") from error


def _first_line(error: Error) -> str:
    return error.message.splitlines()[0] if error.message else type(error).__name__
