/**
 * Character cards: SillyTavern's own form of one, and the protocol's. Pure.
 *
 * SillyTavern keeps most fields twice, at the top (V1 of the card specification) and under `data` (V2); it reads now
 * one and now the other, so both are written.
 */

import type { CharacterCard } from "@tavernlink/client";

import type { STCharacter } from "./context.js";

/** Fields that stand at the top and under `data`. */
const BOTH = ["name", "description", "personality", "scenario", "first_mes", "mes_example", "tags"] as const;
/** Fields that stand under `data` alone. */
const DATA = [
  "creator_notes",
  "system_prompt",
  "post_history_instructions",
  "alternate_greetings",
  "creator",
  "character_version",
  "character_book",
] as const;

const ROLES = ["system", "user", "assistant"] as const;

type Fields = Record<string, unknown>;

/** The protocol's card of SillyTavern's. */
export function readCard(character: STCharacter): CharacterCard {
  const data: Fields = character.data ?? {};
  const extensions = { ...object(data["extensions"]) };
  const noted = object(extensions["depth_prompt"]);
  const said = (name: string): string => words(data[name] ?? character[name]);
  const card: CharacterCard = {
    name: character.name,
    description: said("description"),
    personality: said("personality"),
    scenario: said("scenario"),
    first_mes: said("first_mes"),
    mes_example: said("mes_example"),
    alternate_greetings: list(data["alternate_greetings"]),
    system_prompt: said("system_prompt"),
    post_history_instructions: said("post_history_instructions"),
    creator_notes: words(data["creator_notes"] ?? character["creatorcomment"]),
    creator: said("creator"),
    character_version: said("character_version"),
    tags: list(data["tags"] ?? character["tags"]),
    talkativeness: part(extensions["talkativeness"] ?? character["talkativeness"]),
    world: words(extensions["world"]),
    depth_prompt: {
      prompt: words(noted["prompt"]),
      depth: Number.isInteger(noted["depth"]) ? Math.max(0, noted["depth"] as number) : 4,
      role: ROLES.find((role) => role === noted["role"]) ?? "system",
    },
    character_book: data["character_book"] ? object(data["character_book"]) : null,
    extensions,
  };
  for (const own of ["talkativeness", "fav", "world", "depth_prompt"])
    Reflect.deleteProperty(extensions, own);
  return card;
}

/** What `/api/characters/merge-attributes` is to lay over a card, for these fields. Undefined: nothing. */
export function changes(fields: Fields): Fields | undefined {
  const top: Fields = {};
  const data: Fields = {};
  const extensions: Fields = { ...object(fields["extensions"]) };
  for (const name of BOTH) if (given(fields[name])) top[name] = data[name] = fields[name];
  for (const name of DATA) if (given(fields[name])) data[name] = fields[name];
  if (given(fields["creator_notes"])) top["creatorcomment"] = fields["creator_notes"];
  if (given(fields["talkativeness"]))
    top["talkativeness"] = extensions["talkativeness"] = fields["talkativeness"];
  if (given(fields["favourite"])) top["fav"] = extensions["fav"] = fields["favourite"];
  if (given(fields["world"])) extensions["world"] = fields["world"];
  if (given(fields["depth_prompt"])) extensions["depth_prompt"] = fields["depth_prompt"];
  if (Object.keys(extensions).length > 0) data["extensions"] = extensions;
  if (Object.keys(data).length === 0) return undefined;
  return { ...top, data };
}

/** The parts of a card that `changes` lays over, as they are now: what undoes them. */
export function before(character: STCharacter, laid: Fields): Fields {
  return kept(character, laid);
}

function kept(now: Fields, laid: Fields): Fields {
  return Object.fromEntries(
    Object.entries(laid).map(([name, value]) => {
      const own = now[name];
      if (isObject(value) && isObject(own)) return [name, kept(own, value)];
      return [name, own ?? null];
    }),
  );
}

/** Does this card have the text, in any of the places where a person would look? Small letters. */
export function contains(character: STCharacter, wanted: string, tags: readonly string[]): boolean {
  const card = readCard(character);
  const texts = Object.values(card).flatMap((value): unknown[] =>
    Array.isArray(value) ? (value as unknown[]) : [value],
  );
  return [...texts, ...tags, card.depth_prompt.prompt].some(
    (text) => typeof text === "string" && text.toLowerCase().includes(wanted),
  );
}

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function object(value: unknown): Fields {
  return isObject(value) ? value : {};
}

function words(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function list(value: unknown): string[] {
  if (typeof value === "string") {
    return value
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  }
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

function part(value: unknown): number {
  const number = Number(value ?? 0.5);
  return Number.isFinite(number) ? number : 0.5;
}
