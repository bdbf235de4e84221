/** Whose chats: a character's or a group's. Their names, their files, and which one is meant to be opened next time. */

import { findCharacter } from "./cast.js";
import { context, type STGroup, type STMessage } from "./context.js";
import { HostError } from "./failure.js";
import { post } from "./library/server.js";
import { chatFiles, here, pointTo, readChat } from "./places.js";

/** One of the two is set. */
export type Owner = { character: string; group: null } | { character: null; group: string };

/** Throws `unknown_character`, and `no_character` where none is named and none is open. */
export function ownerOf(character: string | undefined, group: string | undefined): Owner {
  if (character !== undefined && group !== undefined) {
    throw new HostError("invalid_message", "Name a character or a group, not both.", { argument: "group" });
  }
  if (group !== undefined) return { character: null, group: findGroup(group).id };
  if (character !== undefined) {
    const avatar = context().characters[findCharacter(character)]?.avatar;
    if (avatar === undefined) throw new HostError("unknown_character", "The character is gone.");
    return { character: avatar, group: null };
  }
  return openOwner();
}

/** Throws `no_character`. */
export function openOwner(): Owner {
  const { character, group } = here();
  if (group !== null) return { character: null, group };
  if (character !== null) return { character, group: null };
  throw new HostError("no_character", "No character is open in SillyTavern. Open one, or name one.");
}

export function isOpen(owner: Owner, chat?: string): boolean {
  const now = here();
  return (
    now.character === owner.character &&
    now.group === owner.group &&
    (chat === undefined || now.chat === chat)
  );
}

/** By id or, where only one has it, name. Throws `unknown_character`. */
export function findGroup(wanted: string): STGroup {
  const { groups } = context();
  const byId = groups.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const named = groups.filter(({ name }) => name === wanted);
  const [only, another] = named;
  if (only !== undefined && another === undefined) return only;
  throw new HostError(
    "unknown_character",
    only === undefined
      ? `SillyTavern has no group “${wanted}”.`
      : `More than one group is called “${wanted}”: name one by its id.`,
    { group: wanted, ...(only === undefined ? {} : { ids: named.map(({ id }) => id) }) },
  );
}

/** Names of the chats. */
export async function chatNames(owner: Owner): Promise<string[]> {
  if (owner.character !== null) return chatFiles(owner.character);
  return [...(findGroup(owner.group).chats ?? [])];
}

/** Throws `unknown_chat`. */
export async function checkChat(owner: Owner, chat: string): Promise<void> {
  if ((await chatNames(owner)).includes(chat)) return;
  throw new HostError(
    "unknown_chat",
    `${owner.group === null ? "The character" : "The group"} has no chat “${chat}”.`,
    {
      chat_id: chat,
    },
  );
}

/** Throws `chat_exists`, also for a name that differs in capitals only: many file systems take it for the same. */
export async function checkFree(owner: Owner, chat: string): Promise<void> {
  const taken = (await chatNames(owner)).find((name) => name.toLowerCase() === chat.toLowerCase());
  if (taken === undefined) return;
  throw new HostError("chat_exists", `There is a chat “${taken}” already. Choose another name.`, {
    chat_id: taken,
  });
}

/** The messages of a chat as they are on disk. */
export async function readMessages(owner: Owner, chat: string): Promise<STMessage[]> {
  if (owner.character !== null) return readChat(owner.character, chat);
  const answer = await post("/api/chats/group/get", { id: chat }, "reading the chat");
  const lines = (await answer.json()) as unknown;
  if (!Array.isArray(lines)) return [];
  const [head, ...rest] = lines as (STMessage & { chat_metadata?: unknown })[];
  return head?.chat_metadata === undefined ? (lines as STMessage[]) : rest;
}

/** Has SillyTavern open this chat the next time, also after a reload and in another browser. */
export async function remember(owner: Owner, chat: string): Promise<void> {
  if (owner.character !== null) {
    await post("/api/characters/merge-attributes", { avatar: owner.character, chat }, "remembering the chat");
    pointTo(owner.character, chat);
    return;
  }
  const group = findGroup(owner.group);
  group.chat_id = chat;
  await saveGroup(group);
}

/** Writes a group to disk as the page has it. */
export async function saveGroup(group: STGroup): Promise<void> {
  await post("/api/groups/edit", group, "changing the group");
}
