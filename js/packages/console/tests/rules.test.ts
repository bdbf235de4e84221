import type { RouteInfo } from "@tavernlink/client";
import { describe, expect, test } from "vitest";

import { moved, orderOf } from "../src/hub/rules.js";

const rule = (id: string, order = 0, origin: RouteInfo["origin"] = "api"): RouteInfo => ({
  route: { id, types: ["x.*"], action: "drop", ...(order === 0 ? {} : { order }) },
  origin,
  matched: 0,
  failed: 0,
  problem: null,
  suspended: false,
});

/** The ids as the hub orders them after the changes: by order, the settings' first, then as they stood before. */
function after(rules: RouteInfo[], from: number, to: number): string[] | null {
  const changes = moved(rules, from, to);
  if (changes === null) return null;
  const now = rules.map((each, at) => ({
    id: each.route.id,
    order: orderOf(changes.find(({ id }) => id === each.route.id) ?? each.route),
    settings: each.origin === "settings",
    at,
  }));
  now.sort((a, b) => a.order - b.order || Number(b.settings) - Number(a.settings) || a.at - b.at);
  return now.map(({ id }) => String(id));
}

describe("a rule is moved", () => {
  test("where all have the same order, every way", () => {
    const names = ["a", "b", "c", "d"];
    const rules = names.map((id) => rule(id));
    for (const [from, name] of names.entries())
      for (const to of names.keys()) {
        const wanted = names.toSpliced(from, 1).toSpliced(to, 0, name);
        expect(after(rules, from, to)).toEqual(wanted);
      }
  });

  test("by one change where there is room between its new neighbours", () => {
    const rules = [rule("a", 10), rule("b", 20), rule("c", 30)];
    expect(moved(rules, 2, 1)).toHaveLength(1);
    expect(after(rules, 2, 1)).toEqual(["a", "c", "b"]);
    expect(moved(rules, 0, 2)).toHaveLength(1);
    expect(after(rules, 0, 2)).toEqual(["b", "c", "a"]);
    expect(after(rules, 2, 0)).toEqual(["c", "a", "b"]);
  });

  test("past rules of the settings, which stay", () => {
    const rules = [rule("s", 0, "settings"), rule("a"), rule("b")];
    expect(after(rules, 1, 0)).toEqual(["a", "s", "b"]);
    expect(moved(rules, 0, 1)).toBeNull();
    expect(after(rules, 2, 1)).toEqual(["s", "b", "a"]);
  });

  test("not between two rules of the settings with the same order", () => {
    const rules = [rule("s", 5, "settings"), rule("t", 5, "settings"), rule("a", 7)];
    expect(moved(rules, 2, 1)).toBeNull();
    expect(after(rules, 2, 0)).toEqual(["a", "s", "t"]);
  });

  test("nowhere, or out of the list", () => {
    const rules = [rule("a"), rule("b")];
    expect(moved(rules, 0, 0)).toEqual([]);
    expect(moved(rules, 0, 2)).toEqual([]);
    expect(moved(rules, 5, 0)).toEqual([]);
  });
});
