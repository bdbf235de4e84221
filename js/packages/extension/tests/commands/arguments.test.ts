import { expect, it } from "vitest";

import {
  asArguments,
  count,
  flag,
  list,
  only,
  optionalText,
  record,
  text,
} from "../../src/commands/arguments.js";

function wrong(argument: string): Error {
  return expect.objectContaining({ code: "invalid_message", details: { argument } }) as Error;
}

it("reads what is there and knows what may be absent", () => {
  const args = asArguments({ text: "t", generate: null, index: 3, params: { a: 1 }, messages: [{}] });
  expect(text(args, "text")).toBe("t");
  expect(optionalText(args, "as")).toBeUndefined();
  expect(flag(args, "generate", true)).toBe(true);
  expect(count(args, "index")).toBe(3);
  expect(count(args, "last", 10)).toBe(10);
  expect(record(args, "params")).toEqual({ a: 1 });
  expect(list(args, "messages")).toEqual([{}]);
  expect(asArguments(null)).toEqual({});
});

it("names an argument of the wrong type", () => {
  expect(() => asArguments([])).toThrow(wrong("args"));
  expect(() => text({}, "text")).toThrow(wrong("text"));
  expect(() => flag({ generate: "yes" }, "generate", true)).toThrow(wrong("generate"));
  expect(() => count({ index: -1 }, "index")).toThrow(wrong("index"));
  expect(() => record({ params: [] }, "params")).toThrow(wrong("params"));
  expect(() => list({ messages: ["x"] }, "messages")).toThrow(wrong("messages"));
});

it("refuses what a command does not know, unless it is empty", () => {
  only({ mode: "reply", params: {}, prompt: null }, ["mode"]);
  expect(() => {
    only({ mode: "reply", prompt: "x" }, ["mode"]);
  }).toThrow(expect.objectContaining({ code: "unsupported_parameter" }) as Error);
});
