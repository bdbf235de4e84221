import type { Route } from "@tavernlink/client";
import { describe, expect, test } from "vitest";

import { pointAt, routeOf, textsOf } from "../src/parts/route.js";

const ROUTES: Route[] = [
  { id: "a", types: ["x.*", "chat.send"], action: "drop", note: "No.", when: "role != 'admin'" },
  { id: "b", types: ["stream.end"], action: "forward", to: { room: "table" }, as: "x.reply", order: -3 },
  { id: "c", types: ["x.*"], action: "copy", to: { peers: ["Log book", "b"], kind: "app" }, enabled: false },
  { id: "d", types: ["x.*"], action: "copy", to: { all: true } },
  { id: "e", types: ["x.a"], action: "rename", as: "x.b" },
  { id: "f", types: ["x.a"], action: "call", function: "hub/dice", args: { sides: "$content.sides" } },
];

describe("a rule in its form", () => {
  test.each(ROUTES)("comes out as it went in: $id", (route) => {
    expect(routeOf(textsOf(route))).toEqual(route);
  });

  test("keeps nothing that its action has no use for", () => {
    const texts = { ...textsOf(ROUTES[1]), action: "drop" as const, args: "no JSON" };
    expect(routeOf(texts)).toEqual({ id: "b", types: ["stream.end"], action: "drop", order: -3 });
  });

  test("refuses arguments that are no JSON", () => {
    expect(() => routeOf({ ...textsOf(ROUTES[5]), args: "{" })).toThrow(SyntaxError);
  });
});

test("the place of an error is pointed at, in long lines too", () => {
  expect(pointAt("true &&\n  contend.n", 2, 3)).toBe("  contend.n\n  ^");
  const [line = "", mark = ""] = pointAt(`${"x".repeat(90)}!`, 1, 91).split("\n");
  expect(line[mark.indexOf("^")]).toBe("!");
  expect(pointAt("x", 7, 1)).toBe("");
});
