import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";

interface Golden {
  type: string;
  contents: Record<string, unknown>[];
  results?: unknown[];
}

interface Schema {
  $defs: Record<string, object>;
  oneOf: { title: string }[];
}

const root = new URL("../../../../", import.meta.url);

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, root), "utf8"));
}

const schema = readJson("docs/protocol/schema.json") as Schema;
const golden = readdirSync(fileURLToPath(new URL("tests/golden/", root)))
  .filter((name) => name.endsWith(".json"))
  .map((name) => readJson(`tests/golden/${name}`) as Golden);

const ajv = new Ajv2020({ allErrors: true });
const isFrame = ajv.compile(schema);
const isResult = (type: string): ((value: unknown) => unknown) =>
  ajv.compile({ $ref: `#/$defs/${encodeURIComponent(`${type} result`)}`, $defs: schema.$defs });

test("every message type of the schema has a golden file", () => {
  expect(golden.map((one) => one.type).sort()).toEqual(schema.oneOf.map((one) => one.title).sort());
});

describe.each(golden)("$type", ({ type, contents, results = [] }) => {
  test.each(contents)("content %# fits the schema", (content) => {
    expect(isFrame({ type, content }), JSON.stringify(isFrame.errors)).toBe(true);
  });

  test.each(contents)("content %# with a field of the wrong type does not", (content) => {
    const [field] = Object.keys(content);
    if (field === undefined || content[field] === null) return;
    const isObject = typeof content[field] === "object" && !Array.isArray(content[field]);
    const wrong = isObject ? "wrong type" : { wrong: "type" };
    expect(isFrame({ type, content: { ...content, [field]: wrong } })).toBe(false);
  });

  if (results.length > 0) {
    test.each(results.map((result) => ({ result })))("result %# fits the schema", ({ result }) => {
      expect(isResult(type)(result)).toBe(true);
    });
  }
});
