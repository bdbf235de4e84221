// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from "vitest";

import { Log, type LogLevel } from "../../src/log.js";
import { LogView } from "../../src/panel/log.js";
import { Texts } from "../../src/panel/texts.js";
import { HandSight, openTemplate, part, settled, text } from "./stand_in.js";

let log: Log;
let sight: HandSight;
let level: LogLevel;

const frame = (): Promise<void> =>
  new Promise((resolve) =>
    requestAnimationFrame(() => {
      resolve();
    }),
  );
const lines = (): string[] =>
  text("log")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.slice(9));
const press = (id: string): void => document.querySelector<HTMLElement>(`#tavernlink_${id}`)?.click();

function choose(wanted: LogLevel): void {
  const select = document.querySelector<HTMLSelectElement>("#tavernlink_log_level");
  if (select === null) throw new Error("no select");
  select.value = wanted;
  select.dispatchEvent(new Event("change"));
}

beforeEach(() => {
  log = new Log(4, () => 0);
  level = "info";
  sight = new HandSight();
  new LogView(openTemplate(), log, new Texts((words) => words), sight, {
    head: () => "Tavernlink 1",
    level: () => level,
    setLevel: (wanted) => {
      level = wanted;
    },
  });
});

it("adds lines at the end and drops the oldest, without drawing the others again", async () => {
  for (const line of ["a", "b", "c"]) log.add("info", line);
  await frame();
  expect(lines()).toEqual(["info a", "info b", "info c"]);
  const last = part("log").lastChild;
  log.add("warning", "d");
  log.add("error", "e");
  await frame();
  expect(lines()).toEqual(["info b", "info c", "warning d", "error e"]);
  expect(part("log").childNodes[1]).toBe(last);
});

it("shows from a level on, keeps each message only where that was asked for, and is emptied", async () => {
  log.add("debug", "not kept");
  log.add("info", "a");
  log.add("error", "b");
  choose("error");
  await frame();
  expect([lines(), level]).toEqual([["error b"], "error"]);
  choose("debug");
  log.add("debug", "kept");
  await frame();
  expect(lines()).toEqual(["info a", "error b", "debug kept"]);
  press("log_clear");
  await frame();
  expect(text("log")).toBe("");
});

it("does nothing while nobody looks", async () => {
  sight.set(false);
  log.add("info", "unseen");
  await frame();
  expect(text("log")).toBe("");
  sight.set(true);
  await frame();
  expect(lines()).toEqual(["info unseen"]);
});

it("copies what a report needs, without keys", async () => {
  const write = vi.fn<(text: string) => Promise<void>>(() => Promise.resolve());
  Object.defineProperty(navigator, "clipboard", { value: { writeText: write }, configurable: true });
  log.add("error", "refused tl_tavern_abc_DEF");
  press("copy");
  await settled();
  expect(write).toHaveBeenCalledWith("Tavernlink 1\n\n1970-01-01T00:00:00.000Z error refused tl_…");
  expect(text("log-note")).toBe("The log is in the clipboard.");
  write.mockRejectedValueOnce(new Error("not allowed"));
  press("copy");
  await settled();
  expect(text("log-note")).toContain("Ctrl-C");
});
