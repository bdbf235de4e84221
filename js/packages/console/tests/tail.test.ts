import type { Hub, LogLine, LogLines } from "@tavernlink/client";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { fits, MOST, Tail } from "../src/hub/tail.svelte.js";
import { atEnd, drawn } from "../src/parts/window.js";

// What Svelte compiles away: here a field is a field.
beforeEach(() => {
  const plain = (value: unknown): unknown => value;
  vi.stubGlobal("$state", Object.assign(plain, { raw: plain }));
});

const line = (id: number, more: Partial<LogLine> = {}): LogLine => ({
  id,
  time: id,
  level: "info",
  logger: "tavernlink",
  text: `line ${id}`,
  facts: {},
  ...more,
});

/** A hub whose log holds these lines. */
function hubWith(lines: LogLine[]) {
  const heard: ((content: LogLines) => void)[] = [];
  const asked: [string, unknown][] = [];
  const hub = {
    on: (_: string, listener: (content: LogLines) => void) => {
      heard.push(listener);
      return () => heard.pop();
    },
    connection: { on: () => () => undefined },
    request: (type: string, content: unknown) => {
      asked.push([type, content]);
      return Promise.resolve(type === "log.list" ? { lines, more: true, forgotten: 0, level: "info" } : null);
    },
  };
  const tell = (content: LogLines): void => {
    for (const listener of heard) listener(content);
  };
  return { hub: hub as unknown as Hub, tell, asked };
}

const ids = (tail: Tail): number[] => tail.lines.map(({ id }) => id);

describe("the tail of the log", () => {
  test("goes on behind what was there, without a line twice", async () => {
    const { hub, tell, asked } = hubWith([line(1), line(2)]);
    const tail = new Tail(hub, "debug", vi.fn());
    await vi.waitFor(() => {
      expect(tail.loading).toBe(false);
    });
    tell({ lines: [line(2), line(3)], missed: 4 });
    expect([ids(tail), tail.missed, tail.threshold]).toEqual([[1, 2, 3], 4, "info"]);
    expect(asked.map(([type]) => type)).toEqual(["subscribe", "log.list"]);
    tail.close();
  });

  test("holds back what comes while it is paused", async () => {
    const { hub, tell } = hubWith([]);
    const tail = new Tail(hub, "debug", vi.fn());
    await vi.waitFor(() => {
      expect(tail.loading).toBe(false);
    });
    tail.pause();
    tell({ lines: [line(1), line(2)], missed: 0 });
    expect([ids(tail), tail.held]).toEqual([[], 2]);
    tail.resume();
    expect([ids(tail), tail.held]).toEqual([[1, 2], 0]);
  });

  test("asks for its level and above, and holds no more than it can show", async () => {
    const { hub, tell, asked } = hubWith([]);
    const tail = new Tail(hub, "error", vi.fn());
    await vi.waitFor(() => {
      expect(tail.loading).toBe(false);
    });
    expect(asked[0]).toEqual(["subscribe", { types: ["log.error.*", "log.critical.*"], tavern: "*" }]);
    tell({ lines: [line(1), line(2, { level: "error" })], missed: 0 });
    expect(ids(tail)).toEqual([2]);
    const many = Array.from({ length: MOST + 5 }, (_, at) => line(at + 3, { level: "error" }));
    tell({ lines: many, missed: 0 });
    expect([tail.lines.length, tail.lines[0]?.id]).toEqual([MOST, 8]);
  });
});

test("a line fits by words anywhere in it, and by whom it is about", () => {
  const refused = line(1, { text: "message.refused", facts: { peer: "a-17", code: "forbidden" } });
  expect(fits(refused, "REFUSED", "")).toBe(true);
  expect(fits(refused, "forbidden", "A-17")).toBe(true);
  expect(fits(refused, "", "forbidden")).toBe(false);
  expect(fits(refused, "other", "")).toBe(false);
});

test("of ten thousand lines only those in view are drawn", () => {
  expect(drawn(10_000, 0, 560, 28)).toEqual({ first: 0, end: 32 });
  const middle = drawn(10_000, 140_000, 560, 28);
  expect(middle).toEqual({ first: 4_988, end: 5_032 });
  expect(drawn(10_000, 279_440, 560, 28).end).toBe(10_000);
  expect(drawn(0, 500, 560, 28)).toEqual({ first: 0, end: 0 });
  expect(atEnd(279_440, 560, 280_000, 28)).toBe(true);
  expect(atEnd(279_000, 560, 280_000, 28)).toBe(false);
});
