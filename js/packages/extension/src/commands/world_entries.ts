/** `world.entry.*`: entries of lorebooks, under names of their own instead of SillyTavern's numbers. */

import type {
  Done,
  WorldEntry,
  WorldEntryLogic,
  WorldEntryPosition,
  WorldEntryRole,
  WorldEntries,
  WorldFound,
} from "@tavernlink/client";

import { context } from "../host/context.js";
import { HostError } from "../host/failure.js";
import { alone } from "./alone.js";
import { BookEdit, readWorld, type RawEntry } from "../host/worlds.js";
import {
  count,
  optionalChoice,
  optionalFlag,
  optionalInteger,
  optionalText,
  optionalTexts,
  record,
  text,
  texts,
  type Arguments,
} from "./arguments.js";
import type { Noun } from "./noun.js";

/** These three in the order of SillyTavern's numbers. */
const POSITIONS: readonly WorldEntryPosition[] = [
  "before_character",
  "after_character",
  "before_note",
  "after_note",
  "at_depth",
  "before_examples",
  "after_examples",
  "outlet",
];
const LOGICS: readonly WorldEntryLogic[] = ["and_any", "not_all", "not_any", "and_all"];
const ROLES: readonly WorldEntryRole[] = ["system", "user", "assistant"];

/** SillyTavern's names of what has a name here. */
const NAMED: ReadonlySet<string> = new Set([
  "uid",
  "key",
  "keysecondary",
  "selectiveLogic",
  "comment",
  "content",
  "disable",
  "constant",
  "position",
  "depth",
  "role",
  "order",
  "probability",
]);

export function describeEntry(entry: RawEntry): WorldEntry {
  const strings = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
  const string = (value: unknown): string => (typeof value === "string" ? value : "");
  const integer = (value: unknown, otherwise: number): number =>
    typeof value === "number" && Number.isFinite(value) ? Math.round(value) : otherwise;
  return {
    uid: entry.uid,
    keys: strings(entry["key"]),
    secondary_keys: strings(entry["keysecondary"]),
    logic: LOGICS[integer(entry["selectiveLogic"], 0)] ?? "and_any",
    title: string(entry["comment"]),
    content: string(entry["content"]),
    enabled: entry["disable"] !== true,
    constant: entry["constant"] === true,
    position: POSITIONS[integer(entry["position"], 0)] ?? "before_character",
    depth: Math.max(0, integer(entry["depth"], 4)),
    role: ROLES[integer(entry["role"], 0)] ?? "system",
    order: integer(entry["order"], 100),
    probability: Math.min(100, Math.max(0, integer(entry["probability"], 100))),
    other: Object.fromEntries(
      Object.entries(entry).filter(([name, value]) => !NAMED.has(name) && value !== undefined),
    ),
  };
}

/** What was given, under SillyTavern's names. */
function given(args: Arguments, template: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const number = (name: string, words: readonly string[]): number | undefined => {
    const word = optionalChoice(args, name, words);
    return word === undefined ? undefined : words.indexOf(word);
  };
  const enabled = optionalFlag(args, "enabled");
  const fields: Record<string, unknown> = {
    ...others(args, template),
    key: optionalTexts(args, "keys"),
    keysecondary: optionalTexts(args, "secondary_keys"),
    selectiveLogic: number("logic", LOGICS),
    comment: optionalText(args, "title"),
    content: optionalText(args, "content"),
    disable: enabled === undefined ? undefined : !enabled,
    constant: optionalFlag(args, "constant"),
    position: number("position", POSITIONS),
    depth: optionalInteger(args, "depth"),
    role: number("role", ROLES),
    order: optionalInteger(args, "order"),
    probability: optionalInteger(args, "probability"),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Only fields that SillyTavern's entries have, with values of their kind: anything else would break its editor. */
function others(args: Arguments, template: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const found = record(args, "other");
  for (const [name, value] of Object.entries(found)) {
    const refuse = (why: string): HostError =>
      new HostError("unsupported_parameter", `“${name}” cannot be set: ${why}`, { parameter: name });
    if (NAMED.has(name)) throw refuse("it has a name of its own here.");
    const usual = template[name];
    if (usual === undefined) throw refuse("SillyTavern's entries have no such field.");
    if (usual === null) {
      if (value !== null && typeof value !== "number" && typeof value !== "boolean")
        throw refuse("it must be a number, true, false or null.");
    } else if (typeof value !== typeof usual || Array.isArray(value) !== Array.isArray(usual)) {
      throw refuse(`it must be a ${Array.isArray(usual) ? "list" : typeof usual}.`);
    }
  }
  return found;
}

async function list(args: Arguments): Promise<WorldEntries> {
  const { entries } = await readWorld(text(args, "world"));
  const all = Object.values(entries).sort((one, other) => one.uid - other.uid);
  const offset = count(args, "offset", 0);
  return {
    total: all.length,
    entries: all.slice(offset, offset + count(args, "limit", 100)).map(describeEntry),
  };
}

async function search(args: Arguments): Promise<WorldFound[]> {
  const wanted = text(args, "text").toLocaleLowerCase();
  const limit = count(args, "limit", 50);
  const named = texts(args, "worlds");
  const found: WorldFound[] = [];
  for (const world of named.length > 0 ? named : context().getWorldInfoNames()) {
    const { entries } = await readWorld(world);
    for (const entry of Object.values(entries).map(describeEntry)) {
      const said = [...entry.keys, ...entry.secondary_keys, entry.title, entry.content];
      if (found.length < limit && said.some((part) => part.toLocaleLowerCase().includes(wanted)))
        found.push({ world, entry });
    }
    if (found.length >= limit) break;
  }
  return found;
}

async function add(args: Arguments): Promise<WorldEntry> {
  const edit = await BookEdit.open(text(args, "world"));
  const fields = given(args, edit.template);
  const entry = edit.add();
  edit.set(entry, fields);
  // Otherwise its editor shows the first key instead of the title.
  if (typeof fields["comment"] === "string" && fields["comment"] !== "") entry["addMemo"] = true;
  await edit.save();
  return describeEntry(entry);
}

async function change(args: Arguments): Promise<WorldEntry> {
  const edit = await BookEdit.open(text(args, "world"));
  const entry = edit.entry(count(args, "uid"));
  edit.set(entry, given(args, edit.template));
  await edit.save();
  return describeEntry(entry);
}

async function remove(args: Arguments): Promise<Done> {
  const edit = await BookEdit.open(text(args, "world"));
  edit.remove(count(args, "uid"));
  await edit.save();
  return {};
}

export const worldEntries = {
  "world.entry.list": { lane: "immediate", run: (_host, args) => list(args) },
  "world.entry.search": { lane: "immediate", run: (_host, args) => search(args) },
  "world.entry.add": { lane: "visible", run: (host, args, call) => alone(host, call, () => add(args)) },
  "world.entry.edit": {
    lane: "visible",
    run: (host, args, call) => alone(host, call, () => change(args)),
  },
  "world.entry.delete": {
    lane: "visible",
    run: (host, args, call) => alone(host, call, () => remove(args)),
  },
} satisfies Noun;
