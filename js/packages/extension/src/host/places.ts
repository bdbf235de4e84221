/**
 * Going to a character's chat and back, without leaving a trace of it on SillyTavern's server.
 *
 * SillyTavern's own `openCharacterChat` writes the chat's name into the character's card and reads the card back. With a
 * second tab that does the same, the card that comes back names the other tab's chat, and the next save goes into that
 * file. So the name is set in this page only, and the card on disk keeps naming the chat that the person last chose.
 *
 * `selectCharacterById` returns without a word while SillyTavern saves, sends or generates in a group, and a chat of any
 * name that does not exist is made; so every step is verified by what is open then.
 */

import { findCharacter } from "./cast.js";
import { context, type STMessage } from "./context.js";
import { HostError } from "./failure.js";
import { type ScriptModule } from "./script_module.js";

export interface Place {
  /** Avatar file of the open character; null: none. */
  character: string | null;
  group: string | null;
  chat: string | null;
}

/** SillyTavern saves an edited chat this much later; what differs from the disk for longer was changed elsewhere. */
const SAVE_DELAY_MS = 1_200;
const SAVING_LIMIT_MS = 5_000;
const SAVING_LOOK_MS = 20;

export function here(): Place {
  const host = context();
  const character = host.characterId === undefined ? undefined : host.characters[Number(host.characterId)];
  return {
    character: host.groupId ? null : (character?.avatar ?? null),
    group: host.groupId ?? null,
    chat: host.getCurrentChatId() ?? null,
  };
}

/** Opens the character and, when given, its chat as it is on disk. Rejects unless exactly that is open afterwards. */
export async function goTo(avatar: string, chat: string | null, script: ScriptModule): Promise<void> {
  await notSaving(script);
  if (here().character !== avatar) await openCharacter(avatar, chat);
  else if (chat !== null && here().chat !== chat) await openChat(chat);
  else if (chat !== null) await reloadIfOld(avatar, chat);
  const now = here();
  if (now.character !== avatar || (chat !== null && now.chat !== chat)) {
    throw new HostError("busy", "SillyTavern did not open the chat. It may be saving or generating.", {
      wanted: { character: avatar, chat },
      open: now,
    });
  }
}

async function openCharacter(avatar: string, chat: string | null): Promise<void> {
  await context().unshallowCharacter?.(findCharacter(avatar));
  // Both in one turn: the card may have been read again meanwhile.
  const index = findCharacter(avatar);
  if (chat !== null) pointTo(avatar, chat);
  await context().selectCharacterById(index, { switchMenu: false });
}

async function openChat(chat: string): Promise<void> {
  // Before the name changes: what is kept beside a chat is put away under the old one.
  await context().clearChat?.({ clearData: true });
  const open = here().character;
  if (open !== null) pointTo(open, chat);
  await context().reloadCurrentChat();
}

/** Sets which chat the character has open, in this page only. */
export function pointTo(avatar: string, chat: string): void {
  const character = context().characters.find((found) => found.avatar === avatar);
  if (character !== undefined) character.chat = chat;
}

/** Loads the open chat again when the disk has another one: another tab wrote to it. True: it did. */
export async function reloadIfOld(avatar: string, chat: string): Promise<boolean> {
  if (await isAsSaved(avatar, chat)) return false;
  await new Promise((resolve) => setTimeout(resolve, SAVE_DELAY_MS));
  const now = here();
  if (now.character !== avatar || now.chat !== chat || (await isAsSaved(avatar, chat))) return false;
  await context().reloadCurrentChat();
  return true;
}

async function isAsSaved(avatar: string, chat: string): Promise<boolean> {
  const saved = await readChat(avatar, chat);
  const open = context().chat;
  const facts = (message: STMessage | undefined): unknown[] => [message?.mes, message?.send_date];
  return (
    saved.length === open.length && JSON.stringify(facts(saved.at(-1))) === JSON.stringify(facts(open.at(-1)))
  );
}

/** A chat's messages as they are on disk. */
export async function readChat(avatar: string, chat: string): Promise<STMessage[]> {
  const body = { ch_name: "", file_name: chat, avatar_url: avatar };
  const found = await ask("/api/chats/get", body, "read the chat");
  return Array.isArray(found) ? (found.slice(1) as STMessage[]) : [];
}

/** Waits for a save that is under way, which makes a selection a no-op. */
export async function notSaving(script: ScriptModule): Promise<void> {
  const limit = performance.now() + SAVING_LIMIT_MS;
  // No event tells of its end.
  while (script.isChatSaving?.() === true && performance.now() < limit) {
    await new Promise((resolve) => setTimeout(resolve, SAVING_LOOK_MS));
  }
}

/** Goes back to a place of before, without complaint when it is gone. */
export async function goBack(place: Place, script: ScriptModule): Promise<boolean> {
  try {
    if (place.group !== null) {
      if (here().group !== place.group) await script.openGroupById?.(place.group);
      return here().group === place.group;
    }
    if (place.character === null) return false;
    await goTo(place.character, place.chat, script);
    return true;
  } catch {
    return false;
  }
}

/** Names of the character's chat files, without `.jsonl`. */
export async function chatFiles(avatar: string): Promise<string[]> {
  const found = await ask("/api/characters/chats", { avatar_url: avatar, simple: true }, "list the chats");
  return Object.values(found as Record<string, { file_name?: unknown } | boolean>)
    .map((file) => (typeof file === "object" ? file.file_name : undefined))
    .filter((name): name is string => typeof name === "string")
    .map((name) => name.replace(/\.jsonl$/, ""));
}

/**
 * Avatar file of the character that has this chat. A character that is renamed gets another avatar file, and another one
 * may get its old name; its chats go with it.
 */
export async function ownerOf(chat: string, avatar: string | null): Promise<string | null> {
  const known = context().characters.map((character) => character.avatar);
  if (avatar !== null && known.includes(avatar) && (await chatFiles(avatar)).includes(chat)) return avatar;
  const owners: string[] = [];
  for (const other of known) {
    if (other !== avatar && (await chatFiles(other)).includes(chat)) owners.push(other);
  }
  const [only, another] = owners;
  return another === undefined ? (only ?? null) : null;
}

async function ask(address: string, body: unknown, what: string): Promise<unknown> {
  const answer = await fetch(address, {
    method: "POST",
    headers: context().getRequestHeaders(),
    cache: "no-store",
    body: JSON.stringify(body),
  });
  if (!answer.ok)
    throw new HostError("command_failed", `SillyTavern did not ${what} (status ${answer.status}).`);
  return answer.json();
}

/** A name that no chat of the character has: `LABEL - 2026-1-31@10h…`, as SillyTavern names its own. */
export function newChatName(label: string): string {
  const { humanizedDateTime } = context();
  const time = humanizedDateTime?.() ?? new Date().toISOString().replaceAll(/[:.]/g, "-");
  const safe = safeName(label).slice(0, 60);
  return `${safe === "" ? "Tavernlink" : safe} - ${time}`;
}

/** Without what file systems refuse: SillyTavern's server would drop it, and the name would not be found again. */
export function safeName(label: string): string {
  return label
    .replaceAll(/[/\\?%*:|"<>\p{Cc}]/gu, "_")
    .replace(/[.\s]+$/, "")
    .trim();
}
