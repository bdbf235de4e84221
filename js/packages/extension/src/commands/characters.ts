/** `character.*`: the characters of this SillyTavern, their cards, tags and pictures. */

import type {
  CharacterDeleted,
  CharacterOpened,
  CharacterRenamed,
  CharacterSheet,
  CharacterSummary,
  CharacterTagged,
  File,
} from "@tavernlink/client";

import { decode, extensionOf, fetchFile } from "../host/bytes.js";
import { contains, readCard } from "../host/cards.js";
import { create, duplicate, edit, exportCard, importCard, remove } from "../host/characters.js";
import { context, type STCharacter } from "../host/context.js";
import { HostError, throwIfCancelled } from "../host/failure.js";
import { type Host } from "../host/host.js";
import { saveSettings } from "../host/library/server.js";
import { goTo, here } from "../host/places.js";
import { rename } from "../host/renaming.js";
import { checkLorebook, checkName, find, readCharacter } from "../host/roster.js";
import { listTags, retag, tagFromCard, tagsOf } from "../host/tags.js";
import { count, file, flag, optionalText, text, texts, type Arguments } from "./arguments.js";
import { alone } from "./alone.js";
import { type CommandCall } from "./call.js";
import type { Noun } from "./noun.js";

/** Cards that are read at once in a search: SillyTavern's server reads each from its file. */
const AT_ONCE = 8;

function summary(character: STCharacter): CharacterSummary {
  const data = character.data ?? {};
  const chat = here().character === character.avatar ? here().chat : character.chat;
  const words = (value: unknown): string => (typeof value === "string" ? value.slice(0, 200) : "");
  return {
    id: character.avatar,
    name: character.name.slice(0, 200),
    chat_id: chat ? chat.slice(0, 200) : null,
    tags: tagsOf(character.avatar),
    favourite: character["fav"] === true || character["fav"] === "true",
    creator: words(data["creator"]),
    version: words(data["character_version"]),
    open: here().character === character.avatar,
  };
}

async function sheet(avatar: string): Promise<CharacterSheet> {
  const character = await readCharacter(avatar);
  return { ...summary(character), card: readCard(character) };
}

function list(): Promise<CharacterSummary[]> {
  return Promise.resolve(known().map(summary));
}

/** Without the stand-in that SillyTavern shows where there is none. */
function known(): STCharacter[] {
  return context().characters.filter(({ avatar }) => avatar !== "" && avatar !== "none");
}

async function search(_host: Host, args: Arguments, call: CommandCall): Promise<CharacterSummary[]> {
  const wanted = optionalText(args, "text")?.trim().toLowerCase() ?? "";
  const name = optionalText(args, "name")?.trim().toLowerCase() ?? "";
  const tags = texts(args, "tags").map((tag) => tag.toLowerCase());
  const favourite = args["favourite"];
  const limit = count(args, "limit", 100);
  const found: CharacterSummary[] = [];
  const candidates = known().filter((character) => {
    const own = [...tagsOf(character.avatar), ...cardTags(character)].map((tag) => tag.toLowerCase());
    return (
      character.name.toLowerCase().includes(name) &&
      tags.every((tag) => own.includes(tag)) &&
      (typeof favourite !== "boolean" || summary(character).favourite === favourite)
    );
  });
  for (let at = 0; at < candidates.length && found.length < limit; at += AT_ONCE) {
    throwIfCancelled(call.signal);
    const some = candidates.slice(at, at + AT_ONCE);
    const fits = await Promise.all(some.map((character) => matches(character, wanted)));
    found.push(...some.filter((_character, index) => fits[index]).map(summary));
  }
  return found.slice(0, limit);
}

function cardTags({ data }: STCharacter): string[] {
  const tags = data?.["tags"];
  return Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === "string") : [];
}

async function matches(character: STCharacter, wanted: string): Promise<boolean> {
  if (wanted === "") return true;
  const tags = tagsOf(character.avatar);
  if (character.shallow !== true) return contains(character, wanted, tags);
  try {
    return contains(await readCharacter(character.avatar), wanted, tags);
  } catch {
    // Somebody deleted it meanwhile.
    return false;
  }
}

async function open(host: Host, avatar: string): Promise<CharacterOpened> {
  await goTo(avatar, null, host.script);
  // What SillyTavern opens by itself after a reload.
  host.script.setActiveGroup?.(null);
  host.script.setActiveCharacter?.(avatar);
  await saveSettings();
  return { id: avatar, name: find(avatar).name, chat_id: here().chat };
}

function select(host: Host, args: Arguments, call: CommandCall): Promise<CharacterOpened> {
  const wanted = text(args, "character");
  return alone(host, call, () => open(host, find(wanted).avatar));
}

/** The name becomes a file name: something must be left of it. */
function characterName(name: string): string {
  if (!/^[.\s]*$/.test(name.replaceAll(/[/\\?%*:|"<>\p{Cc}]/gu, ""))) return name.trim();
  throw new HostError("invalid_message", `“${name}” cannot be a character's name.`, { argument: "name" });
}

/** The fields of a card among the arguments. */
function fields(args: Arguments): Record<string, unknown> {
  checkLorebook(args["world"]);
  return { ...args, name: undefined };
}

function make(host: Host, args: Arguments, call: CommandCall): Promise<CharacterSheet> {
  const name = characterName(text(args, "name"));
  const avatar = file(args, "avatar");
  return alone(host, call, async () => {
    if (!flag(args, "same_name", false)) checkName(name);
    const id = await create(name, fields(args), avatar);
    if (flag(args, "select", false)) await open(host, id);
    return sheet(id);
  });
}

function change(host: Host, args: Arguments, call: CommandCall): Promise<CharacterSheet> {
  const wanted = text(args, "character");
  const picture = file(args, "avatar");
  return alone(host, call, async () => {
    const { avatar } = find(wanted);
    await edit(host, avatar, fields(args), picture);
    return sheet(avatar);
  });
}

function copy(host: Host, args: Arguments, call: CommandCall): Promise<CharacterSummary> {
  const wanted = text(args, "character");
  return alone(host, call, async () => summary(find(await duplicate(find(wanted).avatar))));
}

function giveName(host: Host, args: Arguments, call: CommandCall): Promise<CharacterRenamed> {
  const wanted = text(args, "character");
  const name = characterName(text(args, "name"));
  return alone(host, call, async () => {
    const { avatar } = find(wanted);
    if (!flag(args, "same_name", false)) checkName(name, avatar);
    const renamed = await rename(host, avatar, name, flag(args, "in_chats", true));
    return { ...renamed, name: find(renamed.id).name };
  });
}

function removeOne(host: Host, args: Arguments, call: CommandCall): Promise<CharacterDeleted> {
  const wanted = text(args, "character");
  return alone(host, call, async () => {
    const { avatar } = find(wanted);
    return { id: avatar, chats: await remove(host, avatar, flag(args, "chats", false)) };
  });
}

function importOne(host: Host, args: Arguments, call: CommandCall): Promise<CharacterSheet> {
  const card = needed(file(args, "file"));
  const wanted = optionalText(args, "replace");
  const tags = optionalText(args, "tags") ?? "existing";
  return alone(host, call, async () => {
    const replace = wanted === undefined ? undefined : find(wanted).avatar;
    const id = await importCard(host, card, cardFormat(card), decode(card), replace);
    const made = await sheet(id);
    if (tags !== "none") await tagFromCard(host, id, made.card.tags, tags === "all" ? "all" : "existing");
    if (flag(args, "select", false)) await open(host, id);
    return sheet(id);
  });
}

function needed(given: File | undefined): File {
  if (given !== undefined) return given;
  throw new HostError("invalid_message", "The command's argument “file” must be a file.", {
    argument: "file",
  });
}

/** By the name's end, else by the type. */
function cardFormat({ name, type }: File): string {
  const end = extensionOf(name);
  return end === "" ? (/^\w+\/(?:x-)?(png|json|yaml)$/.exec(type)?.[1] ?? "") : end;
}

async function exportOne(_host: Host, args: Arguments): Promise<File> {
  const format = optionalText(args, "format") === "json" ? "json" : "png";
  return exportCard(find(text(args, "character")).avatar, format);
}

function tags(): Promise<CharacterTagged[]> {
  return Promise.resolve(
    listTags().map(({ tag, owners }) => ({
      name: tag.name.slice(0, 200),
      characters: owners,
      color: typeof tag["color"] === "string" ? tag["color"] : "",
      folder: typeof tag["folder_type"] === "string" && tag["folder_type"] !== "NONE",
    })),
  );
}

function tag(host: Host, args: Arguments, call: CommandCall): Promise<CharacterSummary> {
  const wanted = text(args, "character");
  return alone(host, call, async () => {
    const { avatar } = find(wanted);
    await retag(host, avatar, texts(args, "add"), texts(args, "remove"));
    return summary(find(avatar));
  });
}

function favourite(host: Host, args: Arguments, call: CommandCall): Promise<CharacterSummary> {
  const wanted = text(args, "character");
  return alone(host, call, async () => {
    const { avatar } = find(wanted);
    await edit(host, avatar, { favourite: flag(args, "on", true) });
    return summary(find(avatar));
  });
}

async function avatar(_host: Host, args: Arguments): Promise<File> {
  const { avatar: id, name } = find(text(args, "character"));
  const at = encodeURIComponent(id);
  const address = flag(args, "thumbnail", false) ? `/thumbnail?type=avatar&file=${at}` : `/characters/${at}`;
  const found = await fetchFile(address, id);
  if (found !== undefined) return found;
  throw new HostError("unknown_character", `The picture of “${name}” is gone, and the character with it.`);
}

export const characters = {
  "character.list": { lane: "immediate", run: list },
  "character.get": {
    lane: "detached",
    run: (_host, args) => sheet(find(text(args, "character")).avatar),
  },
  "character.search": { lane: "detached", run: search },
  "character.select": { lane: "visible", run: select },
  "character.create": { lane: "visible", run: make },
  "character.edit": { lane: "visible", run: change },
  "character.duplicate": { lane: "visible", run: copy },
  "character.rename": { lane: "visible", run: giveName },
  "character.delete": { lane: "visible", run: removeOne },
  "character.import_card": { lane: "visible", run: importOne },
  "character.export_card": { lane: "detached", run: exportOne },
  "character.tags": { lane: "immediate", run: tags },
  "character.tag": { lane: "visible", run: tag },
  "character.favourite": { lane: "visible", run: favourite },
  "character.avatar": { lane: "detached", run: avatar },
} satisfies Noun;
