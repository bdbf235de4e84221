/** One setting that can be shared: what kind it is, what SillyTavern calls it, what it holds. */

import type { ItemRef, ProfileKind } from "@tavernlink/client";

export type Content = Record<string, unknown>;

export interface Item extends ItemRef {
  kind: ProfileKind;
  name: string;
  content: Content;
}

/** In the order in which a person looks for them. */
export const KINDS: readonly ProfileKind[] = [
  "chat_completion",
  "text_completion",
  "instruct",
  "context",
  "sysprompt",
  "reasoning",
  "lorebook",
  "regex",
  "quick_reply",
  "tavernlink",
];

/** The key under which an item is found in maps. */
export function keyOf({ kind, name }: ItemRef): string {
  return `${kind}/${name}`;
}

/** JSON with sorted names: equal for equal contents. */
export function codeOf(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}

/**
 * A short fingerprint (FNV-1a, twice 32 bits) by which a change is noticed; not `crypto.subtle`, which browsers keep
 * from plain HTTP pages in a home network.
 */
export function fingerprint(content: Content): string {
  const code = codeOf(content);
  let low = 0x811c9dc5;
  let high = 0xcbf29ce4;
  for (let at = 0; at < code.length; at += 1) {
    const unit = code.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ (unit + at), 0x01000193);
  }
  const hex = (number: number): string => (number >>> 0).toString(16).padStart(8, "0");
  return `${hex(low)}${hex(high)}-${code.length.toString(36)}`;
}
