/** Chat files on SillyTavern's server: listing them, finding text in them, handing them out and taking them in. */

import type { Commands } from "@tavernlink/client";

import { decode, encode, extensionOf, MOST_BYTES, postForm, tooLarge, type File64 } from "./bytes.js";
import { context, type STMessage } from "./context.js";
import { HostError, throwIfCancelled } from "./failure.js";
import { post } from "./library/server.js";
import { chatNames, findGroup, isOpen, readMessages, saveGroup, type Owner } from "./owners.js";
import { safeName } from "./places.js";

export type ChatFile = Commands["chat.list"]["result"]["chats"][number];
export type ChatMatch = Commands["chat.search"]["result"]["chats"][number];

/** As `/api/chats/search` tells of a file. */
interface Told {
  file_name?: string;
  file_size?: string;
  message_count?: number;
  last_mes?: string | number;
  preview_message?: string;
}

/** Files that are looked into side by side. */
const SIDE_BY_SIDE = 4;
const MATCHES = 10;
const AROUND = 100;

/** The chats of one owner; with `query` those that have all its words. In no order. */
export async function listChats(owner: Owner, query = ""): Promise<ChatFile[]> {
  const body = { query, avatar_url: owner.character, group_id: owner.group };
  const answer = await post("/api/chats/search", body, "listing the chats");
  return ((await answer.json()) as Told[]).flatMap((told): ChatFile[] => {
    const { file_name: name, file_size, message_count, last_mes, preview_message } = told;
    if (name === undefined) return [];
    return [
      {
        chat_id: name,
        ...owner,
        messages: message_count ?? 0,
        size: file_size ?? "",
        last_message: preview_message ?? "",
        time: last_mes === undefined ? null : String(last_mes),
        open: isOpen(owner, name),
      },
    ];
  });
}

export function newestFirst(one: ChatFile, other: ChatFile): number {
  return timeOf(other) - timeOf(one);
}

/** SillyTavern had several forms of dates and reads them all. */
function timeOf({ time }: ChatFile): number {
  if (time === null) return 0;
  const number = Number(time);
  const told = Number.isFinite(number) ? number : time;
  const read = context().timestampToMoment?.(told).valueOf() ?? Date.parse(String(told));
  return Number.isFinite(read) ? read : 0;
}

/** Everybody who has chats. */
export function owners(): Owner[] {
  const { characters, groups } = context();
  return [
    // SillyTavern knows which never had one.
    ...characters
      .filter(({ chat_size: size }) => size !== 0)
      .map(({ avatar }): Owner => ({ character: avatar, group: null })),
    ...groups.map(({ id }): Owner => ({ character: null, group: id })),
  ];
}

/** The newest chats that have all the words, with the messages that have one of them. */
export async function searchChats(
  among: readonly Owner[],
  query: string,
  limit: number,
  signal: AbortSignal,
): Promise<{ chats: ChatMatch[]; more: boolean }> {
  const found: { owner: Owner; chat: ChatFile }[] = [];
  const left = [...among];
  const look = async (): Promise<void> => {
    for (let owner = left.shift(); owner !== undefined; owner = left.shift()) {
      throwIfCancelled(signal);
      const whose = owner;
      found.push(...(await listChats(whose, query)).map((chat) => ({ owner: whose, chat })));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, look));
  found.sort((one, other) => newestFirst(one.chat, other.chat));
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const chats: ChatMatch[] = [];
  for (const { owner, chat } of found.slice(0, limit)) {
    throwIfCancelled(signal);
    chats.push({ chat, messages: matches(await readMessages(owner, chat.chat_id), words) });
  }
  return { chats, more: found.length > limit };
}

function matches(messages: readonly STMessage[], words: readonly string[]): ChatMatch["messages"] {
  const found: ChatMatch["messages"] = [];
  for (const [index, { name, mes }] of messages.entries()) {
    if (found.length === MATCHES) break;
    if (typeof mes !== "string") continue;
    const small = mes.toLowerCase();
    const at = words.map((word) => small.indexOf(word)).find((place) => place >= 0);
    if (at === undefined) continue;
    const text = mes.slice(Math.max(0, at - AROUND), at + AROUND);
    found.push({ index, name: typeof name === "string" ? name.slice(0, 200) : "", text });
  }
  return found;
}

export async function exportChat(owner: Owner, chat: string, format: "jsonl" | "txt"): Promise<File64> {
  const body = {
    is_group: owner.group !== null,
    avatar_url: owner.character,
    file: `${chat}.jsonl`,
    exportfilename: `${chat}.${format}`,
    format,
  };
  const answer = await post("/api/chats/export", body, "exporting the chat");
  const { result } = (await answer.json()) as { result?: unknown };
  if (typeof result !== "string")
    throw new HostError("command_failed", "SillyTavern did not export the chat.");
  const bytes = new TextEncoder().encode(result);
  if (bytes.length > MOST_BYTES) throw tooLarge(bytes.length);
  const type = format === "txt" ? "text/plain" : "application/jsonl";
  return { name: `${chat}.${format}`, type, data: encode(bytes) };
}

/** Makes chats of a file; gives their names. Throws `invalid_file`. */
export async function importChat(owner: Owner, file: File64): Promise<string[]> {
  const bytes = decode(file);
  const format = extensionOf(file.name);
  const forms = owner.group === null ? ["jsonl", "json"] : ["jsonl"];
  if (!forms.includes(format)) {
    throw invalid(file, `its name must end in ${forms.map((form) => `.${form}`).join(" or ")}`);
  }
  check(file, format, new TextDecoder().decode(bytes));
  const upload = { name: `chat.${format}`, blob: new Blob([bytes], { type: file.type }) };
  if (owner.group !== null) return importGroupChat(owner.group, upload);
  const character = context().characters.find(({ avatar }) => avatar === owner.character);
  const before = new Set(await chatNames(owner));
  const fields = {
    avatar_url: owner.character,
    character_name: safeName(character?.name ?? ""),
    user_name: context().name1,
    file_type: format,
  };
  const answer = await postForm("/api/chats/import", fields, upload);
  const told = answer.ok ? ((await answer.json()) as { res?: boolean }) : {};
  if (told.res !== true) throw invalid(file, "SillyTavern found no chat in it");
  return (await chatNames(owner)).filter((name) => !before.has(name));
}

async function importGroupChat(id: string, upload: { name: string; blob: Blob }): Promise<string[]> {
  const answer = await postForm("/api/chats/group/import", {}, upload);
  const { res: name } = answer.ok ? ((await answer.json()) as { res?: string }) : {};
  if (name === undefined) throw new HostError("command_failed", "SillyTavern did not take the chat in.");
  const group = findGroup(id);
  (group.chats ??= []).push(name);
  await saveGroup(group);
  return [name];
}

/** SillyTavern's server takes much without looking, and breaks over it later. */
function check(file: File64, format: string, text: string): void {
  const lines = format === "json" ? [text] : text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0) throw invalid(file, "it is empty");
  for (const [at, line] of lines.entries()) {
    let value: unknown;
    try {
      value = JSON.parse(line.replace(/^\uFEFF/, ""));
    } catch {
      throw invalid(file, `line ${at + 1} is no JSON`);
    }
    if (typeof value !== "object" || value === null) throw invalid(file, `line ${at + 1} is no object`);
    const known = ["user_name", "name", "chat_metadata"].some((key) => key in value);
    if (format === "jsonl" && at === 0 && !known) throw invalid(file, "it does not begin as a chat");
  }
}

function invalid(file: File64, why: string): HostError {
  return new HostError("invalid_file", `SillyTavern cannot use “${file.name}”: ${why}.`, { file: file.name });
}
