/**
 * Going to a character's chat and back.
 *
 * SillyTavern's `selectCharacterById` returns without a word while it saves, sends or generates in a group, and
 * `openCharacterChat` makes a chat of any name that does not exist; so every step is verified by what is open then.
 */

import { findCharacter } from "./cast.js";
import { context } from "./context.js";
import { HostError } from "./failure.js";
import { type ScriptModule } from "./script_module.js";

export interface Place {
  /** Avatar file of the open character; null: none. */
  character: string | null;
  group: string | null;
  chat: string | null;
}

export function here(): Place {
  const host = context();
  const character = host.characterId === undefined ? undefined : host.characters[Number(host.characterId)];
  return {
    character: host.groupId ? null : (character?.avatar ?? null),
    group: host.groupId ?? null,
    chat: host.getCurrentChatId() ?? null,
  };
}

/** Opens the character and, when given, its chat. Rejects unless exactly that is open afterwards. */
export async function goTo(avatar: string, chat: string | null): Promise<void> {
  if (here().character !== avatar) await openCharacter(avatar);
  if (chat !== null && here().chat !== chat) await context().openCharacterChat(chat);
  const now = here();
  if (now.character !== avatar || (chat !== null && now.chat !== chat)) {
    throw new HostError("busy", "SillyTavern did not open the chat. It may be saving or generating.", {
      wanted: { character: avatar, chat },
      open: now,
    });
  }
}

async function openCharacter(avatar: string): Promise<void> {
  // A save that is under way makes the selection a no-op: `saveChat` waits for it.
  if (here().chat !== null) await context().saveChat();
  await context().selectCharacterById(findCharacter(avatar), { switchMenu: false });
}

/** Goes back to a place of before, without complaint when it is gone. */
export async function goBack(place: Place, script: ScriptModule): Promise<boolean> {
  try {
    if (place.group !== null) {
      if (here().group !== place.group) await script.openGroupById?.(place.group);
      return here().group === place.group;
    }
    if (place.character === null) return false;
    await goTo(place.character, place.chat);
    return true;
  } catch {
    return false;
  }
}

/** Names of the character's chat files, without `.jsonl`. */
export async function chatFiles(avatar: string): Promise<string[]> {
  const answer = await fetch("/api/characters/chats", {
    method: "POST",
    headers: context().getRequestHeaders(),
    body: JSON.stringify({ avatar_url: avatar, simple: true }),
  });
  if (!answer.ok)
    throw new HostError("command_failed", `SillyTavern did not list the chats (status ${answer.status}).`);
  const files = Object.values((await answer.json()) as Record<string, { file_name?: unknown }>);
  return files
    .map(({ file_name: name }) => name)
    .filter((name): name is string => typeof name === "string")
    .map((name) => name.replace(/\.jsonl$/, ""));
}

/** A name that no chat of the character has: `LABEL - 2026-1-31@10h…`, as SillyTavern names its own. */
export function newChatName(label: string): string {
  const { humanizedDateTime } = context();
  const time = humanizedDateTime?.() ?? new Date().toISOString().replaceAll(/[:.]/g, "-");
  // Characters that file systems refuse; SillyTavern's server would drop them and the name would not be found again.
  const safe = label
    .replaceAll(/[/\\?%*:|"<>\p{Cc}]/gu, "_")
    .trim()
    .slice(0, 60);
  return `${safe === "" ? "Tavernlink" : safe} - ${time}`;
}
