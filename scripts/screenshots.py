"""Takes the documents' pictures of the real program: a hub, a real SillyTavern with the extension, a stand-in model.

    make screenshots        docs/images/screens/NAME.webp, and NAME.zh-CN.webp of the same in Chinese

Needs what `make setup-browser` sets up. Pictures are WebP as Chromium writes it; one that would be larger than
`_LARGEST` ends the run, since they are kept in the repository.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

import tavernlink
from scripts.terminal_pictures import take_chat, take_top
from tavernlink.tab import find_browser
from tavernlink.terminal.language import Language

ROOT = Path(__file__).resolve().parent.parent
SCREENS = ROOT / "docs" / "images" / "screens"
_LARGEST = 120_000
_DESKTOP, _PHONE = (1280, 800), (390, 844)
_LANGUAGES = {"en-US": "", "zh-CN": ".zh-CN"}
_CONSOLE = (
    "overview",
    "chat",
    "requests",
    "tabs",
    "rooms",
    "keys",
    "functions",
    "routes",
    "webhooks",
    "schedules",
    "settings",
    "logs",
    "audit",
)
_UNFOLDED = (
    "() => document.querySelector('#tavernlink_panel .inline-drawer-content').style.overflow !== 'hidden'"
)
_TYPE = """([id, value]) => {
    const field = document.querySelector(`#tavernlink_${id}`);
    field.value = value;
    for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, { bubbles: true }));
}"""
_WATCHED = 15_000
_ASKED = {"role": "user", "content": "Tell me of the garden. [tokens=120]"}
_RULE = {
    "types": ["chat.send"],
    "when": 'role != "admin" && content.text.matches("(?i)ending")',
    "action": "drop",
    "note": "No spoilers, please.",
}
_SETTLED = """() => new Promise((settled) => {
    let timer = setTimeout(done, 1500);
    const seen = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, 900); });
    const latest = setTimeout(done, 8000); // what counts seconds never rests
    function done() { clearTimeout(latest); seen.disconnect(); settled(); }
    seen.observe(document.querySelector("main"), { subtree: true, childList: true });
})"""


def main(parts: list[str]) -> int:
    """Take them all, or only those of the parts that are named: console, panel, terminal."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    with _demo() as facts, _receiver() as receiver, sync_playwright() as playwright:
        facts["receiver"] = receiver
        _live_a_little(facts)
        executable = str(find_browser())
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for locale, mark in _LANGUAGES.items():
            if not parts or "console" in parts:
                _take_console(browser, facts, locale, mark)
            if not parts or "panel" in parts:
                _take_panel(browser, facts, locale, mark)
            if not parts or "terminal" in parts:
                _take_screens(browser, facts, locale, mark)
        browser.close()
    total = sum(path.stat().st_size for path in SCREENS.glob("*.webp"))
    print(
        f"{len(list(SCREENS.glob('*.webp')))} pictures, {total / 1e6:.2f} MB, in {SCREENS.relative_to(ROOT)}"
    )
    return 0


@contextlib.contextmanager
def _demo() -> Iterator[dict[str, str]]:
    """Run the demo; give its addresses and keys."""
    command = [sys.executable, "-m", "tavernlink", "demo", "--json", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as demo:
        try:
            yield json.loads(demo.stdout.readline() if demo.stdout else "")
        finally:
            demo.terminate()


class _Receiver(BaseHTTPRequestHandler):
    """Takes every webhook."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def _receiver() -> Iterator[str]:
    """Have somebody to whom webhooks are sent; gives the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextlib.contextmanager
def _busy(facts: dict[str, str]) -> Iterator[None]:
    """Have two programs ask for one reply after another, so that charts and lines move."""
    over = threading.Event()

    def ask(name: str) -> None:
        with tavernlink.connect_sync(facts["hub"], facts["app_key"], name=name) as hub:
            while not over.is_set():
                hub.tavern().generate("detached", messages=[_ASKED]).result()

    asking = [threading.Thread(target=ask, args=(name,)) for name in ("Discord bot", "Night diary")]
    for each in asking:
        each.start()
    try:
        yield
    finally:
        over.set()
        for each in asking:
            each.join()


@contextlib.contextmanager
def _kept_tab(page: Page, facts: dict[str, str]) -> Iterator[None]:
    """Have a tab kept open without a screen, until the page shows what it looks like."""
    with tempfile.TemporaryDirectory() as profiles:
        command = [sys.executable, "-m", "tavernlink", "tab", facts["sillytavern"], "--profiles", profiles]
        command += ["--hub", facts["hub"], "--key", facts["tavern_key"]]
        command += ["--name", "night shift", "--character", "Seraphina"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as keeping:
            try:
                expect(page.locator("main li img")).to_be_visible(timeout=120_000)
                yield
            finally:
                keeping.terminate()


def _live_a_little(facts: dict[str, str]) -> None:
    """Have something to show: a room, keys, a webhook, a schedule, a conversation."""
    with tavernlink.connect_sync(facts["hub"], facts["admin_key"], name="Gardener") as hub:
        tavern = hub.tavern()
        for text in ("Good morning! What grows here?", "And at night?"):
            for _ in tavern.send(text):
                pass
        room = hub.room("garden")
        room.create(topic="Everybody who waters the plants", tavern=hub.taverns()[0].tavern_id)
        hub.keys.create("Discord bot", scopes=["chat:read", "chat:write"])
        hub.keys.create("Statistics", scopes=["chat:read"], expires_in=30 * 86_400)
        hub.webhooks.create(f"{facts['receiver']}/garden", ["request.update"])
        _ask(facts, "PATCH", "/api/settings", {"log_level": "info", "tls_names": ["tavern.home"]})
        _ask(facts, "PUT", "/api/routes/no-spoilers", _RULE)
        hub.schedules.create("chat.send", {"text": "Good morning!"}, every=86_400, name="Good morning")


def _ask(facts: dict[str, str], method: str, path: str, body: dict[str, Any]) -> None:
    headers = {"authorization": f"Bearer {facts['admin_key']}"}
    httpx.request(method, facts["hub"] + path, json=body, headers=headers, trust_env=False).raise_for_status()


def _context(browser: Browser, locale: str, size: tuple[int, int], scheme: Any = "light") -> BrowserContext:
    width, height = size
    return browser.new_context(
        locale=locale,
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
    )


def _take_console(browser: Browser, facts: dict[str, str], locale: str, mark: str) -> None:
    for size, scheme, prefix, names in (
        (_DESKTOP, "light", "console", _CONSOLE),
        (_DESKTOP, "dark", "console-dark", ("overview",)),
        (_PHONE, "light", "console-phone", ("chat",)),
    ):
        context = _context(browser, locale, size, scheme)
        page = context.new_page()
        page.goto(facts["hub"])
        page.locator("input[type=password]").fill(facts["admin_key"])
        page.locator("form button.primary").click()
        expect(page.locator("main h1")).to_be_visible()
        for name in names:
            page.evaluate("(name) => { location.hash = `#/${name}` }", name)
            _settle(page)
            with _in_use(page, facts, name):
                _keep(page, f"{prefix}-{name}{mark}")
        context.close()


@contextlib.contextmanager
def _in_use(page: Page, facts: dict[str, str], name: str) -> Iterator[None]:
    """Have on a page of the console what it is for."""
    if name == "overview":
        with _busy(facts):
            page.wait_for_timeout(_WATCHED)  # its charts show what comes by in time
            yield
    elif name == "tabs":
        with _kept_tab(page, facts):
            yield
    elif name == "logs":
        page.locator("main input").first.fill("peer.")  # who comes and goes, and no folder of this machine
        _settle(page)
        yield
    else:
        yield


def _settle(page: Page) -> None:
    """Wait until nothing has come over the line for a while: a page has no mark that what it shows is all."""
    page.evaluate(_SETTLED)


def _take_panel(browser: Browser, facts: dict[str, str], locale: str, mark: str) -> None:
    """The drawer in SillyTavern, and the whole window around it."""
    context = _context(browser, locale, (1280, 1000))
    context.add_init_script(f"localStorage.setItem('language', '{locale.lower()}')")
    page = context.new_page()
    page.goto(facts["sillytavern"])
    panel = page.locator("#tavernlink_panel")
    panel.wait_for(state="attached", timeout=120_000)
    page.wait_for_function("() => document.querySelector('#preloader') === null", timeout=120_000)
    page.locator("#extensions-settings-button .drawer-toggle").click()
    panel.locator(".inline-drawer-toggle").first.click()
    page.wait_for_function(_UNFOLDED)
    for field, value in (("url", facts["hub"]), ("key", facts["tavern_key"])):
        page.evaluate(_TYPE, [field, value])  # they may be folded away
    page.locator("#tavernlink_connect").click()
    expect(panel.locator(".tavernlink-light").first).to_have_attribute("data-light", "green", timeout=60_000)
    panel.evaluate("panel => panel.scrollIntoView()")
    _keep(page, f"sillytavern{mark}")
    _keep(page, f"panel{mark}", clip=panel.bounding_box())
    context.close()


def _take_screens(browser: Browser, facts: dict[str, str], locale: str, mark: str) -> None:
    """What `tavernlink top` and `tavernlink chat` show."""
    for name, take in (("terminal-top", take_top), ("terminal-chat-screen", take_chat)):
        with ThreadPoolExecutor(1) as thread:  # this one has Playwright's event loop
            language: Language = "zh" if locale.startswith("zh") else "en"
            svg = thread.submit(asyncio.run, take(facts["hub"], facts["admin_key"], language)).result()
        context = _context(browser, locale, (1100, 800))
        page = context.new_page()
        page.set_content(f"<!doctype html><style>body {{ margin: 0; width: 1000px }}</style>{svg}")
        _keep(page, f"{name}{mark}", clip=page.locator("svg").bounding_box())
        context.close()


def _keep(page: Page, name: str, clip: Any = None) -> None:
    """Write what the page shows, as WebP: Playwright itself knows only PNG and JPEG."""
    asked: dict[str, Any] = {"format": "webp", "quality": 82}
    if clip is not None:
        asked["clip"] = {**clip, "scale": 1}
    answer = page.context.new_cdp_session(page).send("Page.captureScreenshot", asked)
    content = base64.b64decode(answer["data"])
    if len(content) > _LARGEST:
        message = f"{name} would be {len(content)} bytes; a picture of the documents has at most {_LARGEST}."
        raise SystemExit(message)
    (SCREENS / f"{name}.webp").write_bytes(content)
    print(f"{name}.webp  {len(content) / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
