/**
 * Any value as JSON-safe data of bounded size: what SillyTavern passes to its listeners holds cycles, elements,
 * functions, whole prompts and, in settings, secrets.
 */

import { withoutKeys } from "../log.js";

const MAX_DEPTH = 8;
const MAX_ITEMS = 200;
const MAX_STRING = 20_000;
/** Characters that all arguments of one event may have together, about. */
const BUDGET = 100_000;

/** Property names whose values are secrets wherever they stand. */
const SECRET = /(^|[_-])(api_?key|secret|password|passwd|authorization|access_token|auth_token)s?$|^key$/i;

class Copier {
  private left = BUDGET;
  private readonly path = new Set<object>();

  copy(value: unknown, depth = 0): unknown {
    switch (typeof value) {
      case "string":
        return this.text(value);
      case "number":
        this.left -= 8;
        return Number.isFinite(value) ? value : null;
      case "boolean":
        this.left -= 5;
        return value;
      case "bigint":
        return this.text(value.toString());
      case "function":
        return "[function]";
      case "symbol":
        return "[symbol]";
      case "object":
        return value === null ? null : this.object(value, depth);
      default:
        return null;
    }
  }

  private text(value: string): string {
    const limit = Math.max(0, Math.min(MAX_STRING, this.left));
    const cut = value.length > limit ? `${value.slice(0, limit)}… [cut, ${value.length} characters]` : value;
    this.left -= cut.length;
    return withoutKeys(cut);
  }

  private object(value: object, depth: number): unknown {
    if (value instanceof String || value instanceof Number || value instanceof Boolean)
      return this.copy(value.valueOf());
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (value instanceof Error) return { name: value.name, message: this.text(value.message) };
    const opaque = opaqueName(value);
    if (opaque !== undefined) return opaque;
    if (this.path.has(value)) return "[cycle]";
    if (depth >= MAX_DEPTH || this.left <= 0) return Array.isArray(value) ? "[array, cut]" : "[object, cut]";
    this.path.add(value);
    try {
      if (Array.isArray(value)) return this.list(value, depth);
      if (value instanceof Set) return this.list([...value], depth);
      if (value instanceof Map)
        return this.record(
          [...value].map(([name, item]) => [String(name), item]),
          depth,
        );
      return this.record(entriesOf(value), depth);
    } finally {
      this.path.delete(value);
    }
  }

  private list(items: unknown[], depth: number): unknown[] {
    const copy: unknown[] = [];
    for (const item of items.slice(0, MAX_ITEMS)) {
      if (this.left <= 0) break;
      copy.push(this.copy(item, depth + 1));
    }
    if (copy.length < items.length) copy.push(`[cut, ${items.length} items]`);
    return copy;
  }

  private record(entries: [string, unknown][], depth: number): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    let count = 0;
    for (const [name, item] of entries) {
      if (item === undefined || typeof item === "function") continue;
      if (count >= MAX_ITEMS || this.left <= 0) {
        copy["…"] = `[cut, ${entries.length} entries]`;
        break;
      }
      count += 1;
      this.left -= name.length;
      const secret = typeof item === "string" && item !== "" && SECRET.test(name);
      copy[name] = secret ? "[secret]" : this.copy(item, depth + 1);
    }
    return copy;
  }
}

/** Things of the browser that are no data: elements, files, streams, and whatever holds them. */
function opaqueName(value: object): string | undefined {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[binary, ${value.byteLength} bytes]`;
  if (typeof Blob !== "undefined" && value instanceof Blob) return `[file, ${value.size} bytes]`;
  if (typeof Node !== "undefined" && value instanceof Node)
    return `[element ${value.nodeName.toLowerCase()}]`;
  if (typeof EventTarget !== "undefined" && value instanceof EventTarget)
    return `[${value.constructor.name}]`;
  if (typeof Event !== "undefined" && value instanceof Event) return `[event ${value.type}]`;
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) return "[object]";
  if ("jquery" in value) return "[elements]";
  return undefined;
}

/** Own enumerable properties; a getter that throws is left out. */
function entriesOf(value: object): [string, unknown][] {
  const entries: [string, unknown][] = [];
  for (const name of Object.keys(value)) {
    try {
      entries.push([name, (value as Record<string, unknown>)[name]]);
    } catch {
      // Not readable, so not there.
    }
  }
  return entries;
}

/** The arguments of one event, together within the budget. */
export function safeArguments(args: readonly unknown[]): unknown[] {
  const copier = new Copier();
  return args.map((arg) => copier.copy(arg));
}
