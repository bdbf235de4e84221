/** Going from chat to chat as the person does it: opening, beginning, renaming, deleting, branching off. */

import { context } from "./context.js";
import { HostError } from "./failure.js";
import { saveSettings } from "./library/server.js";
import { announce } from "./messages.js";
import {
  checkChat,
  checkFree,
  findGroup,
  isOpen,
  readMessages,
  remember,
  saveGroup,
  type Owner,
} from "./owners.js";
import { chatFiles, goTo, here, notSaving, safeName } from "./places.js";
import { post } from "./library/server.js";
import { saveChat } from "./saves.js";
import { type ScriptModule } from "./script_module.js";
import { newestFirst, listChats } from "./chat_files.js";

/** SillyTavern saves what the person changed in a chat this much later. */
const SAVE_DELAY_MS = 1_200;

/** Waits until what the person changed last in the open chat is on disk: leaving it would undo that. */
export async function untilSaved(script: ScriptModule): Promise<void> {
  await notSaving(script);
  const { character, group, chat } = here();
  if (chat === null || (character === null && group === null)) return;
  const owner = (group === null ? { character, group } : { character: null, group }) as Owner;
  const saved = JSON.stringify(await readMessages(owner, chat));
  if (JSON.stringify(context().chat) === saved) return;
  await new Promise((resolve) => setTimeout(resolve, SAVE_DELAY_MS));
  await notSaving(script);
}

/** Opens a chat, or that which was open last. Throws `unknown_chat`, and `busy` where SillyTavern did not. */
export async function openChat(owner: Owner, chat: string | null, script: ScriptModule): Promise<void> {
  if (chat !== null) await checkChat(owner, chat);
  if (chat === null ? isOpen(owner) : isOpen(owner, chat)) return;
  await untilSaved(script);
  await go(owner, chat, script);
  const now = here().chat;
  if (now !== null) await remember(owner, now);
  await reopenAfterReload(owner, script);
}

async function go(owner: Owner, chat: string | null, script: ScriptModule): Promise<void> {
  if (owner.character !== null) {
    await goTo(owner.character, chat, script);
    return;
  }
  if (!isOpen(owner)) await script.openGroupById?.(owner.group);
  if (isOpen(owner) && chat !== null && here().chat !== chat)
    await context().openGroupChat(owner.group, chat);
  if (isOpen(owner, chat ?? undefined)) return;
  throw new HostError("busy", "SillyTavern did not open the chat. It may be saving or generating.", {
    wanted: { ...owner, chat },
    open: here(),
  });
}

/** Which character or group SillyTavern opens by itself when the page is loaded. */
async function reopenAfterReload(owner: Owner, script: ScriptModule): Promise<void> {
  script.setActiveCharacter?.(owner.character);
  script.setActiveGroup?.(owner.group);
  await saveSettings();
}

/** Begins a chat and opens it; gives its name. */
export async function newChat(owner: Owner, name: string | undefined, script: ScriptModule): Promise<string> {
  const { characters, humanizedDateTime } = context();
  const time = humanizedDateTime?.() ?? new Date().toISOString().replaceAll(/[:.]/g, "-");
  const character = characters.find(({ avatar }) => avatar === owner.character);
  const chat = plain(name ?? (character === undefined ? time : `${safeName(character.name)} - ${time}`));
  await checkFree(owner, chat);
  await untilSaved(script);
  if (owner.group === null) {
    await go(owner, chat, script);
  } else {
    const group = findGroup(owner.group);
    // SillyTavern opens a group's last chat first, and only one that it knows.
    (group.chats ??= []).push(chat);
    try {
      await go(owner, chat, script);
    } catch (thrown) {
      group.chats = group.chats.filter((other) => other !== chat);
      throw thrown;
    }
  }
  await saveChat();
  await remember(owner, chat);
  await reopenAfterReload(owner, script);
  return chat;
}

/** A name as a file may have it. Throws `invalid_message` where nothing is left. */
export function plain(name: string): string {
  const safe = safeName(name);
  if (safe !== "") return safe;
  throw new HostError("invalid_message", `“${name}” cannot be the name of a chat.`, { argument: "name" });
}

/** Renames a chat; gives its new name. */
export async function renameChat(
  owner: Owner,
  chat: string,
  name: string,
  script: ScriptModule,
): Promise<string> {
  await checkChat(owner, chat);
  const wanted = plain(name);
  if (wanted === chat) return chat;
  await checkFree(owner, wanted);
  const open = isOpen(owner, chat);
  if (open) await untilSaved(script);
  const files = { original_file: `${chat}.jsonl`, renamed_file: `${wanted}.jsonl` };
  const body = { is_group: owner.group !== null, avatar_url: owner.character, ...files };
  const answer = await post("/api/chats/rename", body, "renaming the chat");
  const { sanitizedFileName: now = wanted } = (await answer.json()) as { sanitizedFileName?: string };
  if (owner.group !== null) {
    const group = findGroup(owner.group);
    group.chats = (group.chats ?? []).map((other) => (other === chat ? now : other));
    if (group.chat_id === chat) group.chat_id = now;
    await saveGroup(group);
  } else if (context().characters.find(({ avatar }) => avatar === owner.character)?.chat === chat) {
    await remember(owner, now);
  }
  if (open) await context().reloadCurrentChat();
  await announce("CHAT_RENAMED", "chat_renamed", {
    avatarId: owner.character,
    groupId: owner.group,
    oldFileName: files.original_file,
    newFileName: files.renamed_file,
  });
  return now;
}

/**
 * Deletes a chat. Where it is open, another one is opened first: the newest of the others, or a new one. A save that
 * comes late finds that other one open.
 */
export async function deleteChat(owner: Owner, chat: string, script: ScriptModule): Promise<void> {
  await checkChat(owner, chat);
  const known = context().characters.find(({ avatar }) => avatar === owner.character);
  const next = (await listChats(owner)).toSorted(newestFirst).find(({ chat_id: id }) => id !== chat)?.chat_id;
  if (isOpen(owner, chat)) {
    if (next === undefined) await newChat(owner, undefined, script);
    else await openChat(owner, next, script);
  } else if (owner.group === null && known?.chat === chat && next !== undefined) {
    await remember(owner, next);
  }
  if (owner.group === null) {
    await post("/api/chats/delete", { chatfile: `${chat}.jsonl`, avatar_url: owner.character }, "deleting");
    await announce("CHAT_DELETED", "chat_deleted", chat);
    return;
  }
  await post("/api/chats/group/delete", { id: chat }, "deleting");
  const group = findGroup(owner.group);
  group.chats = (group.chats ?? []).filter((other) => other !== chat);
  if (group.chat_id === chat) group.chat_id = next ?? context().humanizedDateTime?.() ?? String(Date.now());
  await saveGroup(group);
  await announce("GROUP_CHAT_DELETED", "group_chat_deleted", chat);
}

/** Leaves the open chat for the welcome page. */
export async function closeChat(script: ScriptModule): Promise<void> {
  const { character, group } = here();
  if (character === null && group === null) return;
  await untilSaved(script);
  await script.closeCurrentChat?.();
  if (here().character === null && here().group === null) return;
  throw new HostError("busy", "SillyTavern did not close the chat. It may be saving.");
}

/** Copies the open chat up to a message; gives the copy's name. */
export async function branch(
  owner: Owner,
  index: number,
  swipe: number | null,
  script: ScriptModule,
): Promise<string> {
  const made = await script.createBranch?.(index, { swipeId: swipe });
  return checkMade(owner, made);
}

/** The same, with a link at the message. `name`: as SillyTavern's own where it is empty. */
export async function checkpoint(
  owner: Owner,
  index: number,
  name: string,
  script: ScriptModule,
): Promise<string> {
  if (name !== "") await checkFree(owner, name);
  const made = await script.createNewBookmark?.(index, { forceName: name });
  return checkMade(owner, made);
}

/** SillyTavern says nothing where it could not write the copy. */
async function checkMade(owner: Owner, made: string | null | undefined): Promise<string> {
  const there =
    typeof made === "string" &&
    (owner.character !== null
      ? (await chatFiles(owner.character)).includes(made)
      : (await listChats(owner)).some(({ chat_id: id }) => id === made));
  if (!there) throw new HostError("save_failed", "SillyTavern did not write the copy of the chat.");
  // The message has been told of its copy.
  await saveChat();
  return made;
}
