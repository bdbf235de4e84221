import { expect, it } from "vitest";

import { readAnswer, schemaOf, withSchema } from "../../src/commands/structured.js";

const OPEN = { type: "object", properties: { size: { type: "integer" } } };
const CLOSED = { ...OPEN, additionalProperties: false };

it("asks for the form as OpenAI has it, strictly where the schema leaves nothing open", () => {
  expect(withSchema({ temperature: 1 }, OPEN)).toEqual({
    temperature: 1,
    response_format: { type: "json_schema", json_schema: { name: "answer", schema: OPEN, strict: false } },
  });
  expect(withSchema({}, CLOSED)).toMatchObject({ response_format: { json_schema: { strict: true } } });
  expect(withSchema({ temperature: 1 }, schemaOf({ json_schema: null }))).toEqual({ temperature: 1 });
});

it("takes one of the two ways to say it", () => {
  expect(() => withSchema({ response_format: { type: "json_object" } }, OPEN)).toThrow(/say the same/);
});

it("reads an answer, in a fence too, and says so of what is none", () => {
  expect(readAnswer(' {"size": 3} ')).toEqual({ size: 3 });
  expect(readAnswer('```json\n{"size": 3}\n```')).toEqual({ size: 3 });
  expect(() => readAnswer("Three, I think.")).toThrow(
    expect.objectContaining({ code: "invalid_output" }) as Error,
  );
});
