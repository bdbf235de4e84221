"""`python -m benchmarks console`: the web console in a real browser, on a hub with much going on.

A hundred taverns publish two hundred events a second between them, two thousand apps listen to a tavern each, and
Chromium has the console open. What is measured is what a person feels: how long frames take, how long the page's thread
is busy at a stretch, how long a click takes until the next page is there, and how soon something is painted at all.
"""

from __future__ import annotations

import json
import random
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.crowd import Crowd, ask_all
from benchmarks.figures import percentile
from benchmarks.line import Line, event_frame
from benchmarks.machine import Cores, describe, raise_file_limit
from benchmarks.servers import HubServer
from tavernlink.tab.browser import find_browser, launch_arguments

__all__ = ["ConsolePlan", "measure_console"]

_RESULTS = Path(__file__).resolve().parent / "console.md"
_BUNDLE_GOAL = 200_000  # bytes, compressed
_PAINT_GOAL = 1_000.0  # milliseconds
_FRAME_GOAL = 50.0  # milliseconds, p95: twenty frames a second are still smooth for figures and dots
_WORDS = (
    "the",
    "lantern",
    "swings",
    "above",
    "a",
    "door",
    "that",
    "nobody",
    "opened",
    "since",
    "autumn",
    "灯火",
)
_WATCH = """() => {
    const seen = (window.__frames = { deltas: [], tasks: [], on: false });
    let last = performance.now();
    const frame = (now) => {
        if (seen.on) seen.deltas.push(now - last);
        last = now;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) if (seen.on) seen.tasks.push(duration);
    }).observe({ type: 'longtask', buffered: false });
}"""
_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
_SIZES = """() => [performance.getEntriesByType('navigation')[0], ...performance.getEntriesByType('resource')]
    .filter(({ name, entryType }) => entryType === 'navigation' || /\\.(js|css)$/.test(name))
    .map(({ encodedBodySize, decodedBodySize }) => [encodedBodySize, decodedBodySize])"""


@dataclass(frozen=True, slots=True)
class ConsolePlan:
    """How much of everything."""

    taverns: int = 100
    apps: int = 2_000
    rate: float = 200.0
    """Events per second, of all taverns."""
    seconds: float = 15.0
    """On each page."""


@dataclass(slots=True)
class _Look:
    """One page of the console, watched for a while."""

    title: str
    opened: float
    """Milliseconds from the click until the page was there."""
    deltas: list[float] = field(default_factory=list)
    tasks: list[float] = field(default_factory=list)

    def row(self) -> str:
        at = [f"{percentile(self.deltas, share):.1f}" for share in (0.5, 0.95, 0.99)]
        longest = f"{max(self.tasks):.0f}" if self.tasks else "–"
        return (
            f"| {self.title} | {self.opened:.0f} | {len(self.deltas)} | {' | '.join(at)} | {max(self.deltas):.1f} "
            f"| {len(self.tasks)} | {longest} |"
        )


class _Load(threading.Thread):
    """Taverns that publish and apps that listen, until it is told to stop."""

    def __init__(self, server: HubServer, plan: ConsolePlan) -> None:
        super().__init__(name="load", daemon=True)
        self._plan = plan
        self._chance = random.Random(7)  # the same run every time
        self._stopping = threading.Event()
        self.sent = 0
        self.seconds = 0.0
        self.failed: Exception | None = None
        self._taverns = [
            Line(server.port, server.auth("tavern", f"Tavern {number + 1}")) for number in range(plan.taverns)
        ]
        ids = [str(line.wait_event("welcome")["id"]) for line in self._taverns]
        for number, line in enumerate(self._taverns):
            line.send(event_frame("tavern.state", self._state(number, writing=False)))
            line.send(
                event_frame("chat.update", {"chat_id": f"c{number}", "ops": [{"op": "reset", "index": 0}]})
            )
        self._apps: list[Line] = []
        self._ids = ids
        crowd = Crowd(self._taverns)
        for number in range(plan.apps):
            app = Line(server.port, server.auth("app", f"App {number + 1}"))
            app.wait_event("welcome")
            wanted = {"tavern": ids[number % len(ids)], "types": ["stream.*", "chat.changed", "event.*"]}
            ask_all(app, [("subscribe", wanted)])
            self._apps.append(app)
            if number % 100 == 0:
                crowd.rest(0.0)
        self._crowd = Crowd([*self._taverns, *self._apps])
        self._streams = [0] * plan.taverns
        self._seqs = [-1] * plan.taverns
        self._messages = [0] * plan.taverns

    def run(self) -> None:
        """Send at a steady rate; read what comes meanwhile."""
        began = time.monotonic()
        try:
            while not self._stopping.is_set():
                due = int((time.monotonic() - began) * self._plan.rate)
                while self.sent < due:
                    self._send_one()
                self._crowd.rest(0.004)
        except Exception as error:  # noqa: BLE001 (told by whoever waits for it)
            self.failed = error
        self.seconds = time.monotonic() - began

    def stop(self) -> float:
        """End it; return the events per second that it reached. Raises what made it fail."""
        self._stopping.set()
        self.join(10)
        self._crowd.close()
        if self.failed is not None:
            raise self.failed
        return self.sent / self.seconds

    def _send_one(self) -> None:
        number = self._chance.randrange(self._plan.taverns)
        line, kind = self._taverns[number], self.sent % 20
        self.sent += 1
        if kind == 0:
            line.send(event_frame("event", {"name": "message_received", "args": [self._messages[number]]}))
        elif kind == 1:
            line.send(event_frame("tavern.state", self._state(number, writing=self.sent % 40 == 1)))
        elif kind == 2:
            message = {"name": "Seraphina", "role": "assistant", "text": self._text(24)}
            op = {"op": "insert", "index": self._messages[number], "message": message}
            self._messages[number] += 1
            line.send(event_frame("chat.update", {"chat_id": f"c{number}", "ops": [op]}))
        elif kind == 3:
            app = self._apps[self._chance.randrange(self._plan.apps)]
            to = {"peer": self._ids[number]}
            app.send(event_frame("x.bench.poke", {"to": to, "content": {"n": self.sent}}))
        else:
            self._write(number, line)

    def _write(self, number: int, line: Line) -> None:
        stream = f"s{number}-{self._streams[number]}"
        if self._seqs[number] < 0:
            line.send(
                event_frame("stream.start", {"stream_id": stream, "kind": "reply", "character": "Seraphina"})
            )
        self._seqs[number] += 1
        seq = self._seqs[number]
        if seq == 40:
            end = {"stream_id": stream, "seq": seq, "text": self._text(40), "reason": "stop"}
            line.send(event_frame("stream.end", end))
            self._seqs[number] = -1
            self._streams[number] += 1
        else:
            line.send(event_frame("stream.delta", {"stream_id": stream, "seq": seq, "text": self._text(1)}))

    def _state(self, number: int, *, writing: bool) -> dict[str, Any]:
        state = {"user": "Traveller", "character": f"Character {number}", "character_id": f"{number}.png"}
        return {**state, "chat_id": f"c{number}", "generating": writing, "backend": "custom/stand-in"}

    def _text(self, words: int) -> str:
        return " ".join(self._chance.choices(_WORDS, k=words)) + " "


def measure_console(plan: ConsolePlan, say: Callable[[str], None], *, output: Path | None = _RESULTS) -> bool:
    """Measure, print, write `output`; True if every goal was met."""
    raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="tavernlink-bench-") as data:
        server = HubServer(Cores(), Path(data) / "hub")
        try:
            lines, met = _measure(server, plan, say)
        finally:
            server.stop()
    text = "\n".join([*lines, ""])
    say(f"\n{text}")
    if output is not None:
        output.write_text(text, encoding="utf-8")
        say(f"written to {output}")
    return met


def _measure(server: HubServer, plan: ConsolePlan, say: Callable[[str], None]) -> tuple[list[str], bool]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=launch_arguments())
        try:
            calm = sorted(_first_paint(browser, server) for _ in range(3))[1]
            say(f"first paint, empty hub: {calm:.0f} ms")
            say(f"connecting {plan.taverns} taverns and {plan.apps:,} apps …")
            load = _Load(server, plan)
            load.start()
            try:
                used = server.cpu(), time.monotonic()
                looks, busy, sizes = _visit(browser, server, plan, say)
                share = (server.cpu() - used[0]) / 1e9 / (time.monotonic() - used[1])
            finally:
                rate = load.stop()
        finally:
            version = browser.version
            browser.close()
    packed, whole = (sum(each[place] for each in sizes) for place in (0, 1))
    goals = [
        ("bundle, compressed, kB", packed / 1_000, _BUNDLE_GOAL / 1_000),
        ("first paint, empty hub, ms", calm, _PAINT_GOAL),
        ("first paint, busy hub, ms", busy, _PAINT_GOAL),
        (
            "frame time p95, slowest page, ms",
            max(percentile(each.deltas, 0.95) for each in looks),
            _FRAME_GOAL,
        ),
    ]
    lines = [
        "# The console under load",
        "",
        "Written by `make bench ARGS=console`; do not edit. A real hub, the console in Chromium, signed in as admin;",
        f"{plan.taverns} connected taverns that publish {rate:.0f}",
        f"events a second between them, and {plan.apps:,} connected apps that each listen to one of them.",
        "Hub, load generator and browser share the machine; there is no GPU.",
        "",
        f"- Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"- Machine: {describe()}; Chromium {version}",
        f"- The hub used {share:.0%} of a core",
        "",
        "| | measured | goal | |",
        "|---|--:|--:|---|",
    ]
    lines += [
        f"| {title} | {value:.0f} | < {goal:.0f} | {'pass' if value < goal else 'MISS'} |"
        for title, value, goal in goals
    ]
    lines += [
        "",
        "The bundle is the page, its script and its style:",
        f"{packed / 1_000:.0f} kB as the hub sends them, {whole / 1_000:.0f} kB unpacked.",
        "Frame times are those between calls of `requestAnimationFrame`, in milliseconds; a long task keeps the page's",
        "thread for more than 50 ms.",
        "*Opened*: from the click until the page stands, in milliseconds.",
        "",
        "| page | opened | frames | p50 | p95 | p99 | max | long tasks | longest |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(look.row() for look in looks),
    ]
    return lines, all(value < goal for _, value, goal in goals)


def _open(browser: Browser, server: HubServer, key: str | None) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    page = context.new_page()
    page.add_init_script(f"({_WATCH})()")
    if key is not None:
        page.add_init_script(f"sessionStorage.setItem('tavernlink.key', {json.dumps(key)})")
    page.goto(f"http://127.0.0.1:{server.port}/")
    return page


def _painted(page: Page) -> float:
    page.wait_for_function(f"() => ({_PAINT})() !== null")
    return float(page.evaluate(_PAINT))


def _first_paint(browser: Browser, server: HubServer) -> float:
    page = _open(browser, server, None)
    page.locator("form").wait_for()
    paint = _painted(page)
    page.context.close()
    return paint


def _visit(
    browser: Browser, server: HubServer, plan: ConsolePlan, say: Callable[[str], None]
) -> tuple[list[_Look], float, list[list[int]]]:
    began = time.monotonic()
    page = _open(browser, server, str(server.auth("admin", "console")["key"]))
    page.locator(".picture canvas").wait_for()
    paint, sizes = _painted(page), page.evaluate(_SIZES)
    looks = [_watch(page, "Overview", (time.monotonic() - began) * 1_000, plan.seconds)]
    for title, link, ready in (
        ("Chat", "chat", "main select"),
        ("Functions", "functions", "main h1"),
        ("Rooms", "rooms", "main h1"),
        ("Overview again", "overview", ".picture canvas"),
    ):
        began = time.monotonic()
        page.locator(f"nav a[href='#/{link}']").click()
        page.locator(ready).first.wait_for()
        opened = (time.monotonic() - began) * 1_000
        looks.append(_watch(page, title, opened, plan.seconds if link == "chat" else plan.seconds / 2))
        say(looks[-1].row())
    page.context.close()
    return looks, paint, sizes


def _watch(page: Page, title: str, opened: float, seconds: float) -> _Look:
    page.evaluate("() => Object.assign(window.__frames, { deltas: [], tasks: [], on: true })")
    page.wait_for_timeout(seconds * 1_000)
    seen = page.evaluate("() => ((window.__frames.on = false), window.__frames)")
    return _Look(title, opened, seen["deltas"], seen["tasks"])
