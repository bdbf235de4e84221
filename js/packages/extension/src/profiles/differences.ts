/**
 * What differs between two contents, field by field, in words that a person reads. The hub compares two versions by
 * the same rules (src/tavernlink/core/profiles/differences.py); tests/profiles/examples.json holds both to them.
 */

import type { FieldChange } from "@tavernlink/client";

import { codeOf, type Content } from "./item.js";
import { isRecord } from "./secrets.js";

/** Fields that are shown of one item; the rest is counted. */
export const MOST_FIELDS = 40;
const EXCERPT = 400;
const AROUND = 60;
const IDENTIFIERS = ["identifier", "uid", "id", "name", "label"];

export function differences(before: Content, after: Content): { fields: FieldChange[]; more: number } {
  const found = [...walk(before, after, "")];
  return { fields: found.slice(0, MOST_FIELDS), more: Math.max(0, found.length - MOST_FIELDS) };
}

/** `undefined` on a side: the field is not there. */
function* walk(before: unknown, after: unknown, path: string): Generator<FieldChange> {
  if (codeOf(before) === codeOf(after)) return;
  if (isRecord(before) && isRecord(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* walk(before[name], after[name], path === "" ? name : `${path}.${name}`);
    }
    return;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const sides = named(before, after);
    if (sides !== undefined) {
      const [old, now] = sides;
      for (const name of new Set([...old.keys(), ...now.keys()])) {
        yield* walk(old.get(name), now.get(name), `${path}[${name}]`);
      }
      const common = (side: Map<string, unknown>, other: Map<string, unknown>): string =>
        codeOf([...side.keys()].filter((name) => other.has(name)));
      if (common(old, now) !== common(now, old))
        yield change([...old.keys()], [...now.keys()], `${path}[order]`);
      return;
    }
  }
  yield change(before, after, path);
}

/** Both lists by what identifies their parts; undefined where nothing does. */
function named(
  before: unknown[],
  after: unknown[],
): [Map<string, unknown>, Map<string, unknown>] | undefined {
  for (const field of IDENTIFIERS) {
    const old = by(field, before);
    const now = by(field, after);
    if (old !== undefined && now !== undefined) return [old, now];
  }
  return undefined;
}

function by(field: string, side: unknown[]): Map<string, unknown> | undefined {
  const found = new Map<string, unknown>();
  for (const part of side) {
    const name = isRecord(part) ? part[field] : undefined;
    if (!(typeof name === "string" || Number.isInteger(name)) || found.has(String(name))) return undefined;
    found.set(String(name), part);
  }
  return found;
}

function change(before: unknown, after: unknown, path: string): FieldChange {
  let start = 0;
  if (typeof before === "string" && typeof after === "string") {
    const longest = Math.max(before.length, after.length);
    if (longest > EXCERPT) {
      let common = 0;
      while (common < Math.min(before.length, after.length) && before[common] === after[common]) common += 1;
      start = Math.max(0, common - AROUND);
    }
  }
  return { path: path.slice(0, 1000), ...side("before", before, start), ...side("after", after, start) };
}

function side(name: "before" | "after", value: unknown, start: number): Partial<FieldChange> {
  if (value === undefined) return {};
  const shown = typeof value === "string" ? (start > 0 ? "…" : "") + value.slice(start) : value;
  const text = codeOf(shown);
  return { [name]: text.length <= EXCERPT ? text : text.slice(0, EXCERPT) + "…" };
}
