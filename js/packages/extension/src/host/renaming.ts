/**
 * Renaming a character. Its id, which is a file name, changes with the name, and everything that SillyTavern keeps under
 * the old one is put under the new one. SillyTavern's own function does so for the open character only, and reloads the
 * page when something fails.
 */

import { isObject } from "./cards.js";
import { context } from "./context.js";
import { loadModule, post, saveSettings } from "./library/server.js";
import { chatFiles, goTo, here } from "./places.js";
import { reload, type Roster } from "./roster.js";
import { saveChat } from "./saves.js";

/** A chat file's first entry is its header, which has no name beside a text. */
type Entry = Record<string, unknown>;

export interface Renamed {
  id: string;
  chats: number;
  failed: string[];
}

export async function rename(host: Roster, avatar: string, name: string, inChats: boolean): Promise<Renamed> {
  const isOpen = here().character === avatar;
  if (isOpen && context().chat.length > 0) await saveChat();
  const answer = await post(
    "/api/characters/rename",
    { avatar_url: avatar, new_name: name },
    "renaming the character",
  );
  const { avatar: id } = (await answer.json()) as { avatar: string };
  await moveReferences(avatar, id);
  const { eventSource, eventTypes } = context();
  await eventSource.emit(eventTypes["CHARACTER_RENAMED"] ?? "character_renamed", avatar, id);
  const told = inChats ? await renameInChats(avatar, id, name) : { chats: 0, failed: [] };
  // Without an open one, the page does not look for the old id in its new list, which would make it reload.
  if (isOpen) host.script.setCharacterId?.(undefined);
  await reload();
  await host.script.renameGroupMember?.(avatar, id, name);
  if (isOpen) await goTo(id, null, host.script);
  const { groups, groupId, reloadCurrentChat } = context();
  const open = groups.find((group) => group.id === groupId);
  // Its file was changed, and the next save would undo that.
  if (open?.members.includes(id) === true) await reloadCurrentChat();
  await saveSettings();
  return { id, ...told };
}

async function moveReferences(from: string, to: string): Promise<void> {
  const { tagMap, extensionSettings } = context();
  if (tagMap !== undefined) {
    tagMap[to] = tagMap[from] ?? [];
    Reflect.deleteProperty(tagMap, from);
  }
  const [old, now] = [stem(from), stem(to)];
  const lore = (await loadModule("/scripts/world-info.js"))?.["world_info"];
  const notes = isObject(extensionSettings["note"]) ? extensionSettings["note"]["chara"] : undefined;
  for (const list of [isObject(lore) ? lore["charLore"] : undefined, notes]) {
    if (!Array.isArray(list)) continue;
    for (const entry of list) if (isObject(entry) && entry["name"] === old) entry["name"] = now;
  }
}

function stem(avatar: string): string {
  return avatar.replace(/\.[^/.]+$/, "");
}

/** In every chat of a character, the name beside its messages. */
async function renameInChats(from: string, id: string, name: string): Promise<Omit<Renamed, "id">> {
  const { eventSource, eventTypes } = context();
  const failed: string[] = [];
  const files = await chatFiles(id);
  for (const file of files) {
    try {
      const where = { ch_name: name, file_name: file, avatar_url: id };
      const chat = (await (await post("/api/chats/get", where, "reading a chat")).json()) as Entry[];
      for (const entry of chat) {
        const kind = isObject(entry["extra"]) ? entry["extra"]["type"] : undefined;
        if (entry["is_user"] || entry["is_system"] || kind === "narrator") continue;
        if (entry["name"] !== undefined) entry["name"] = name;
      }
      const event = eventTypes["CHARACTER_RENAMED_IN_PAST_CHAT"] ?? "character_renamed_in_past_chat";
      await eventSource.emit(event, chat, from, id);
      await post("/api/chats/save", { ...where, chat }, "saving a chat");
    } catch {
      failed.push(file);
    }
  }
  return { chats: files.length - failed.length, failed };
}
