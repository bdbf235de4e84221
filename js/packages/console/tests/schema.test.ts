import { expect, it } from "vitest";

import { argumentsOf, fieldsOf } from "../src/parts/schema.js";

const SCHEMA = {
  type: "object",
  properties: {
    text: { type: "string", description: "What to say" },
    times: { type: "integer", default: 3 },
    loud: { type: ["boolean", "null"], default: null },
    mood: { $ref: "#/$defs/Mood", description: "How" },
    extra: { anyOf: [{ type: "array" }, { type: "null" }] },
    either: { anyOf: [{ type: "string" }, { type: "number" }] },
  },
  required: ["text", "mood"],
  $defs: { Mood: { enum: ["glad", "sad"] } },
};

it("has a field for each property", () => {
  expect(fieldsOf(SCHEMA).map(({ name, kind, required, start }) => [name, kind, required, start])).toEqual([
    ["text", "text", true, ""],
    ["times", "integer", false, "3"],
    ["loud", "yesno", false, ""],
    ["mood", "choice", true, ""],
    ["extra", "json", false, ""],
    ["either", "json", false, ""],
  ]);
  expect(fieldsOf(SCHEMA)[3]).toMatchObject({ options: ["glad", "sad"], about: "How" });
});

it("has none where the schema says nothing, or nonsense", () => {
  expect(fieldsOf({})).toEqual([]);
  expect(fieldsOf({ properties: { a: true, b: { $ref: "#/nowhere" } } }).map(({ kind }) => kind)).toEqual([
    "json",
    "json",
  ]);
  const loop = { properties: { a: { $ref: "#/properties/a" } } };
  expect(fieldsOf(loop)[0]?.kind).toBe("json");
});

it("reads the arguments back, without what was left empty", () => {
  const texts = { text: "hi", times: "2", loud: "true", mood: '"sad"', extra: "", either: "[1]" };
  expect(argumentsOf(fieldsOf(SCHEMA), texts)).toEqual({
    text: "hi",
    times: 2,
    loud: true,
    mood: "sad",
    either: [1],
  });
  expect(argumentsOf(fieldsOf(SCHEMA), {})).toEqual({ text: "" });
  expect(() => argumentsOf(fieldsOf(SCHEMA), { extra: "{" })).toThrow(SyntaxError);
});
