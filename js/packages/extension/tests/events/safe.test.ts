// @vitest-environment jsdom
import { expect, it } from "vitest";

import { safeArguments } from "../../src/events/safe.js";

const safe = (value: unknown): unknown => safeArguments([value])[0];

it("keeps plain data as it is", () => {
  const value = { a: [1, "x", true, null], b: { c: 0.5 } };
  expect(safe(value)).toEqual(value);
});

it("turns what JSON cannot say into what it can", () => {
  const date = new Date("2026-01-02T03:04:05Z");
  expect(
    safe({
      date,
      big: 12n,
      nan: NaN,
      map: new Map([["a", 1]]),
      set: new Set([2]),
      text: new String("boxed"),
    }),
  ).toEqual({
    date: "2026-01-02T03:04:05.000Z",
    big: "12",
    nan: null,
    map: { a: 1 },
    set: [2],
    text: "boxed",
  });
  expect(safe(undefined)).toBeNull();
  expect(safe(new Error("broken"))).toEqual({ name: "Error", message: "broken" });
});

it("cuts cycles, but not what merely appears twice", () => {
  const shared = { x: 1 };
  const value: Record<string, unknown> = { first: shared, second: shared };
  value["self"] = value;
  expect(safe(value)).toEqual({ first: shared, second: shared, self: "[cycle]" });
});

it("names elements, events, files, functions and binary data instead of copying them", () => {
  const element = document.createElement("div");
  expect(
    safe([
      element,
      new Event("click"),
      new Blob(["abc"]),
      () => 1,
      new Uint8Array(4),
      { jquery: "3", 0: element },
    ]),
  ).toEqual([
    "[element div]",
    "[event click]",
    "[file, 3 bytes]",
    "[function]",
    "[binary, 4 bytes]",
    "[elements]",
  ]);
});

it("leaves out functions of objects and getters that throw", () => {
  const value = {
    run: () => 1,
    get broken(): never {
      throw new Error("no");
    },
    kept: 1,
  };
  expect(safe(value)).toEqual({ kept: 1 });
});

it("bounds depth, items, strings and everything together", () => {
  let deep: unknown = "bottom";
  for (let level = 0; level < 30; level += 1) deep = { deep };
  expect(JSON.stringify(safe(deep))).toContain("[object, cut]");
  expect(safe(Array.from({ length: 1000 }, () => 1))).toHaveLength(201);
  expect(String(safe("x".repeat(100_000))).length).toBeLessThan(20_100);
  const prompts = Array.from({ length: 200 }, () => ({ role: "user", content: "y".repeat(10_000) }));
  expect(JSON.stringify(safeArguments([prompts, prompts])).length).toBeLessThan(150_000);
});

it("shows no secret", () => {
  const key = "tl_tavern_abc_0123456789abcdefghij";
  const text = JSON.stringify(
    safe({
      settings: { tavernlink: { key }, proxy_password: "hunter2", api_key: "sk-1" },
      note: `my key is ${key}`,
    }),
  );
  expect(text).not.toMatch(/hunter2|sk-1|0123456789/);
  expect(safe({ key: ["dragon"], token_count: 5 })).toEqual({ key: ["dragon"], token_count: 5 });
});
