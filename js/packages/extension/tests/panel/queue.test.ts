// @vitest-environment jsdom
import type { QueueEntry } from "@tavernlink/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { clock, QueueView } from "../../src/panel/queue.js";
import { Texts } from "../../src/panel/texts.js";
import { FakeLine, HandSight, ONLINE, openTemplate, part, settled, text } from "./stand_in.js";

let line: FakeLine;
let sight: HandSight;
let view: QueueView;

const entry = (id: string, more: Partial<QueueEntry> = {}): QueueEntry => ({
  request_id: id,
  name: "generate",
  state: "queued",
  asker: "Bot (bots)",
  asked: 990,
  ...more,
});
const rows = (): string[] => [...part("queue").querySelectorAll("li")].map(({ textContent }) => textContent);

beforeEach(() => {
  line = new FakeLine();
  sight = new HandSight(false);
  // The hub's clock, at 1000 s when it said welcome, is 400 s ahead of this page's.
  view = new QueueView(openTemplate(), line, new Texts((words) => words), sight, () => 600_000);
});

afterEach(() => {
  line.become({ name: "idle" });
});

it("asks the hub for the queue only while somebody looks", () => {
  line.become(ONLINE);
  expect(line.sent).toEqual([]);
  sight.set(true);
  view.restart();
  expect(line.sent).toEqual([
    ["queue.watch", { on: true }],
    ["queue.watch", { on: true }],
  ]);
  sight.set(false);
  expect(line.sent.at(-1)).toEqual(["queue.watch", { on: false }]);
});

it("shows what runs, for whom and since when, and what waits", () => {
  sight.set(true);
  expect(text("queue-note")).toContain("Connect to a hub");
  line.become(ONLINE);
  expect(rows()).toEqual(["Nothing runs and nothing waits."]);
  line.tell("queue.changed", {
    running: [entry("w-1", { state: "running", started: 995, mode: "swipe" })],
    queued: [
      entry("w-2", { name: "session.turn", session: "alice", position: 1 }),
      entry("w-3", { name: "world.delete", position: 2 }),
    ],
    waiting: 9,
  });
  expect(rows()).toEqual([
    "Another reply (swipe)Bot (bots) · running · 0:05",
    "Turn of the session “alice”Bot (bots) · waiting, 1 before it · 0:10",
    "world.deleteBot (bots) · waiting, 2 before it · 0:10",
  ]);
  expect([text("queue-count"), text("queue-note")]).toEqual(["1 running, 9 waiting", "… and 7 more"]);
});

it("draws again only the rows that changed", () => {
  sight.set(true);
  line.become(ONLINE);
  line.tell("queue.changed", { queued: [entry("w-1"), entry("w-2")], waiting: 2 });
  const [, second] = part("queue").children;
  second?.querySelector("button")?.focus();
  line.tell("queue.changed", {
    running: [entry("w-1", { state: "running" })],
    queued: [entry("w-2")],
    waiting: 1,
  });
  expect(part("queue").children[1]).toBe(second);
  expect(second?.contains(document.activeElement)).toBe(true);
});

it("cancels, and tells what the hub says against it", async () => {
  sight.set(true);
  line.become(ONLINE);
  line.tell("queue.changed", { running: [entry("w-1", { state: "running" })] });
  const button = part("queue").querySelector("button");
  expect(button?.getAttribute("aria-label")).toBe("Cancel: generate, Bot (bots)");
  button?.click();
  await settled();
  expect(line.asked).toEqual([["request.cancel", { request_id: "w-1" }]]);
  line.answers["request.cancel"] = () => {
    throw Object.assign(new Error("It is over."), { code: "unknown_request" });
  };
  button?.click();
  await settled();
  expect(text("queue-note")).toBe("It is over.");
  line.tell("queue.changed", { running: [entry("w-1", { state: "cancelling" })] });
  expect(part("queue").querySelector("button")?.disabled).toBe(true);
});

it("lets the clock run while something is shown", () => {
  vi.useFakeTimers();
  let now = 600_000;
  const template = openTemplate();
  const watched = new FakeLine();
  new QueueView(template, watched, new Texts((words) => words), new HandSight(), () => now);
  watched.become(ONLINE);
  watched.tell("queue.changed", { running: [entry("w-1", { state: "running", started: 1000 })] });
  now += 61_000;
  vi.advanceTimersByTime(1000);
  expect(rows()[0]).toContain("1:01");
  watched.become({ name: "idle" });
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

it("writes times as clocks do", () => {
  expect([-1, 7, 750, 3723].map(clock)).toEqual(["0:00", "0:07", "12:30", "1:02:03"]);
});
