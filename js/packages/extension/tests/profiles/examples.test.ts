import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { FieldChange } from "@tavernlink/client";
import { expect, it } from "vitest";

import { differences, MOST_FIELDS } from "../../src/profiles/differences.js";
import { fingerprint, type Content } from "../../src/profiles/item.js";
import { isSecret, withLocalSecrets, withoutSecrets } from "../../src/profiles/secrets.js";

interface Examples {
  secret: string[];
  plain: string[];
  differences: { before: Content; after: Content; fields: FieldChange[] }[];
}

// The same examples as the hub's tests.
const examples = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../../../tests/profiles/examples.json"), "utf8"),
) as Examples;

it.each(examples.secret)("takes %s for a secret", (name) => {
  expect(isSecret(name)).toBe(true);
});

it.each(examples.plain)("takes %s for none", (name) => {
  expect(isSecret(name)).toBe(false);
});

it.each(examples.differences)("tells by field what differs %#", ({ before, after, fields }) => {
  expect(differences(before, after)).toEqual({ fields, more: 0 });
});

it("shows a long text from shortly before it differs, and counts what is too much to show", () => {
  const [field] = differences({ a: "x".repeat(5000) + "old" }, { a: "x".repeat(5000) + "new" }).fields;
  expect(field?.before).toMatch(/^"…x{60}old"$/);
  const many = (value: number): Content =>
    Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`f${n}`, value]));
  expect(differences(many(0), many(1)).more).toBe(100 - MOST_FIELDS);
});

it("publishes no secret at any depth, but the words of a lorebook", () => {
  const preset = { kind: "chat_completion", name: "p" } as const;
  expect(
    withoutSecrets({
      ...preset,
      content: { temperature: 1, proxy_password: "p", a: [{ apiKey: "k", b: 1 }] },
    }).content,
  ).toEqual({ temperature: 1, a: [{ b: 1 }] });
  const entries = { 0: { key: ["forest"] } };
  expect(withoutSecrets({ kind: "lorebook", name: "l", content: { entries, token: "t" } }).content).toEqual({
    entries,
  });
});

it("keeps this place's secrets when it saves what was published", () => {
  const local = { proxy_password: "mine", temperature: 0, extensions: { x: { api_key: "k" } } };
  expect(withLocalSecrets({ temperature: 1, extensions: { x: { y: 2 } } }, local)).toEqual({
    temperature: 1,
    proxy_password: "mine",
    extensions: { x: { y: 2, api_key: "k" } },
  });
  expect(withLocalSecrets({ temperature: 1 }, undefined)).toEqual({ temperature: 1 });
});

it("fingerprints contents, not the order of their fields", () => {
  expect(fingerprint({ a: 1, b: { c: 2, d: 3 } })).toBe(fingerprint({ b: { d: 3, c: 2 }, a: 1 }));
  expect(fingerprint({ a: 1 })).not.toBe(fingerprint({ a: "1" }));
  expect(fingerprint({ a: [1, 2] })).not.toBe(fingerprint({ a: [2, 1] }));
});
