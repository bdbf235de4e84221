/** `preset.*`: SillyTavern's saved settings. Keys, passwords and addresses neither leave it nor come in. */

import type { Done, Preset, PresetInfo, PresetKind } from "@tavernlink/client";

import { HostError } from "../host/failure.js";
import { PresetShelf } from "../host/library/presets.js";
import { readServerSettings } from "../host/library/server.js";
import { alone } from "./alone.js";
import type { Item } from "../profiles/item.js";
import { withLocalSecrets, withoutSecrets } from "../profiles/secrets.js";
import { choice, optionalChoice, record, text, type Arguments } from "./arguments.js";
import type { Noun } from "./noun.js";

const KINDS: readonly PresetKind[] = [
  "chat_completion",
  "text_completion",
  "instruct",
  "context",
  "sysprompt",
  "reasoning",
];

const shelves = new Map<PresetKind, PresetShelf>();

function shelfOf(kind: PresetKind): PresetShelf {
  const shelf = shelves.get(kind) ?? new PresetShelf(kind);
  shelves.set(kind, shelf);
  return shelf;
}

function read(args: Arguments): { kind: PresetKind; name: string } {
  return { kind: choice(args, "kind", KINDS, "chat_completion"), name: text(args, "name") };
}

function unknown(kind: PresetKind, name: string): HostError {
  return new HostError("unknown_item", `There is no preset “${name}” of the kind ${kind}.`, { kind, name });
}

async function find(kind: PresetKind, name: string): Promise<Item | undefined> {
  const items = await shelfOf(kind).read(await readServerSettings(), (known) => known === name);
  return items[0];
}

function describe(kind: PresetKind, name: string): PresetInfo {
  return { kind, name, selected: shelfOf(kind).selected === name };
}

async function list(args: Arguments): Promise<PresetInfo[]> {
  const wanted = optionalChoice(args, "kind", KINDS);
  const server = await readServerSettings();
  const kinds = wanted === undefined ? KINDS : [wanted];
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const items = await shelfOf(kind).read(server, () => true);
      return items.map(({ name }) => describe(kind, name));
    }),
  );
  return found.flat();
}

async function get(args: Arguments): Promise<Preset> {
  const { kind, name } = read(args);
  const item = await find(kind, name);
  if (item === undefined) throw unknown(kind, name);
  return { ...describe(kind, name), content: withoutSecrets(item).content };
}

async function select(args: Arguments): Promise<PresetInfo> {
  const { kind, name } = read(args);
  if (!(await shelfOf(kind).select(name))) throw unknown(kind, name);
  return describe(kind, name);
}

async function save(args: Arguments): Promise<PresetInfo> {
  const { kind, name } = read(args);
  if (name.trim() === "")
    throw new HostError("invalid_message", "A preset needs a name.", { argument: "name" });
  const shelf = shelfOf(kind);
  const given = args["content"];
  if (given === undefined || given === null) {
    await shelf.write(name, shelf.current(name));
  } else {
    const { content } = withoutSecrets({ kind, name, content: record(args, "content") });
    await shelf.write(name, withLocalSecrets(content, (await find(kind, name))?.content));
  }
  return describe(kind, name);
}

async function remove(args: Arguments): Promise<Done> {
  const { kind, name } = read(args);
  if ((await find(kind, name)) === undefined) throw unknown(kind, name);
  await shelfOf(kind).remove(name);
  return {};
}

export const presets = {
  "preset.list": { lane: "immediate", run: (_host, args) => list(args) },
  "preset.get": { lane: "immediate", run: (_host, args) => get(args) },
  "preset.select": { lane: "visible", run: (host, args, call) => alone(host, call, () => select(args)) },
  "preset.save": { lane: "visible", run: (host, args, call) => alone(host, call, () => save(args)) },
  "preset.delete": { lane: "visible", run: (host, args, call) => alone(host, call, () => remove(args)) },
} satisfies Noun;
