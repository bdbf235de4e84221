/** SillyTavern's tags: what the person sorts characters by. They are kept with its settings, not on the cards. */

import { context, type STTag } from "./context.js";
import { HostError } from "./failure.js";
import { loadModule, saveSettings } from "./library/server.js";
import { type Roster } from "./roster.js";

/** Names of the tags that a character or group has. */
export function tagsOf(id: string): string[] {
  const { tags = [], tagMap = {} } = context();
  const ids = new Set(tagMap[id] ?? []);
  return tags.filter((tag) => ids.has(tag.id)).map((tag) => tag.name);
}

/** Every tag, with the ids of the characters and groups that have it. */
export function listTags(): { tag: STTag; owners: string[] }[] {
  const { tags = [], tagMap = {}, characters, groups } = context();
  const known = new Set([...characters.map(({ avatar }) => avatar), ...groups.map(({ id }) => id)]);
  return tags.map((tag) => ({
    tag,
    owners: Object.keys(tagMap).filter((id) => known.has(id) && tagMap[id]?.includes(tag.id)),
  }));
}

/** Gives tags and takes tags away; those that do not exist are made. */
export async function retag(
  host: Roster,
  avatar: string,
  add: readonly string[],
  remove: readonly string[],
): Promise<void> {
  const { tags, tagMap } = context();
  if (tags === undefined || tagMap === undefined)
    throw new HostError("unsupported_parameter", "This SillyTavern has no tags.", { parameter: "add" });
  const gone = new Set(remove.flatMap((name) => named(tags, name)?.id ?? []));
  const added = add.filter((name) => name.trim() !== "").map((name) => named(tags, name) ?? make(tags, name));
  const before = tagMap[avatar] ?? [];
  tagMap[avatar] = [...new Set([...before.filter((id) => !gone.has(id)), ...added.map(({ id }) => id)])];
  await redraw(host, avatar);
  await saveSettings();
}

/** Gives a character the tags of its card: all, or those that SillyTavern has already. */
export async function tagFromCard(
  host: Roster,
  avatar: string,
  card: readonly string[],
  which: "existing" | "all",
): Promise<void> {
  const { tags = [] } = context();
  const wanted = which === "all" ? card : card.filter((name) => named(tags, name) !== undefined);
  if (wanted.length > 0) await retag(host, avatar, wanted, []);
}

async function redraw(host: Roster, avatar: string): Promise<void> {
  host.script.printCharactersDebounced?.();
  const { characters } = context();
  if (document.querySelector<HTMLInputElement>("#avatar_url_pole")?.value !== avatar) return;
  const apply = (await loadModule("/scripts/tags.js"))?.["applyTagsOnCharacterSelect"];
  const index = characters.findIndex((character) => character.avatar === avatar);
  if (typeof apply === "function") (apply as (index: number) => void)(index);
}

/** SillyTavern's rule: accents and capitals make no difference. */
function named(tags: readonly STTag[], name: string): STTag | undefined {
  return tags.find((tag) => tag.name.localeCompare(name.trim(), undefined, { sensitivity: "base" }) === 0);
}

function make(tags: STTag[], name: string): STTag {
  const tag: STTag = {
    id: newId(),
    name: name.trim(),
    folder_type: "NONE",
    filter_state: "UNDEFINED",
    sort_order: Math.max(0, ...tags.map(({ sort_order: order }) => Number(order ?? 0))) + 1,
    is_hidden_on_character_card: false,
    color: "",
    color2: "",
    create_date: Date.now(),
  };
  tags.push(tag);
  return tag;
}

/** A page on plain http has no `crypto.randomUUID`. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
