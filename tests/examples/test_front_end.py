"""`"front_end.html"`, a front end of one page, in a browser, on a hub with a scripted tavern."""

from __future__ import annotations

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import expect, sync_playwright

import tavernlink
from tavernlink.tab.browser import find_browser, launch_arguments
from tests.examples.test_bots import EXAMPLES
from tests.hub_log import log_to
from tests.sdk.house import House

LIMIT = 60_000


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


def test_front_end_html_shows_the_chat_and_speaks(tmp_path: Path) -> None:
    files = functools.partial(Quiet, directory=str(EXAMPLES))
    with (
        log_to(tmp_path / "hub.log"),
        House(tmp_path) as house,
        ThreadingHTTPServer(("127.0.0.1", 0), files) as server,
        sync_playwright() as playwright,
        tavernlink.connect_sync(house.hub.url, house.hub.app_key) as hub,
    ):
        threading.Thread(target=server.serve_forever).start()
        try:
            hub.tavern().post("<b>before</b>").result()
            chrome = playwright.chromium.launch(executable_path=find_browser(), args=launch_arguments())
            page = chrome.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/front_end.html")
            page.get_by_label("Hub").fill(house.hub.url.replace("http", "ws") + "/ws")
            page.get_by_label("Key").fill("tl_app_wrong")
            page.get_by_role("button", name="Connect").click()
            expect(page.get_by_role("status")).to_contain_text("key", timeout=LIMIT)
            page.get_by_label("Key").fill(house.hub.app_key)
            page.get_by_role("button", name="Connect").click()
            lines = page.locator("#chat p")
            expect(lines).to_have_text(["Traveller: <b>before</b>"], timeout=LIMIT)
            expect(page.get_by_role("button", name="Connect")).to_be_hidden()
            page.get_by_label("Message").fill("good morning")
            page.get_by_label("Message").press("Enter")
            said = ["Traveller: <b>before</b>", "Traveller: good morning"]
            expect(lines).to_have_text([*said, "Seraphina: You said: good morning"], timeout=LIMIT)
            hub.tavern().edit(1, "good evening")
            hub.tavern().delete(0)
            edited = ["Traveller: good evening", "Seraphina: You said: good morning"]
            expect(lines).to_have_text(edited, timeout=LIMIT)
            page.screenshot(path=tmp_path / "front_end.png")
            chrome.close()
        finally:
            server.shutdown()
