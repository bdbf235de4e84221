/**
 * Groups: reading them, making, changing and deleting them. A change goes to SillyTavern's server first; where that takes
 * it, the page follows, with the group's panel where it shows that group.
 */

import type { Group } from "@tavernlink/client";

import { type File64, decode } from "./bytes.js";
import { findCharacter } from "./cast.js";
import { context, type STGroup } from "./context.js";
import { HostError } from "./failure.js";
import { post, saveSettings } from "./library/server.js";
import { announce } from "./messages.js";
import { findGroup, saveGroup } from "./owners.js";
import { goBack, here } from "./places.js";
import { reload } from "./roster.js";
import { type ScriptModule } from "./script_module.js";
import { uploadPicture } from "./upload.js";

/** In SillyTavern's order: it keeps the numbers. */
export const STRATEGIES = ["natural", "list", "manual", "pooled"] as const;
export const CARDS = ["swap", "append", "append_disabled"] as const;

export interface GroupChange {
  name?: string | undefined;
  strategy?: Group["strategy"] | undefined;
  cards?: Group["cards"] | undefined;
  self_replies?: boolean | undefined;
  auto_delay?: number | undefined;
  favorite?: boolean | undefined;
  members?: string[] | undefined;
  muted?: string[] | undefined;
  avatar?: File64 | undefined;
}

export function groupOf(group: STGroup): Group {
  const { characters } = context();
  const number = (key: string, otherwise: number): number => Number(group[key] ?? otherwise);
  return {
    group: group.id,
    name: group.name,
    members: group.members.map((avatar) => ({
      character: avatar,
      name: characters.find((character) => character.avatar === avatar)?.name ?? avatar,
      muted: group.disabled_members.includes(avatar),
    })),
    strategy: STRATEGIES[number("activation_strategy", 0)] ?? "natural",
    cards: CARDS[number("generation_mode", 0)] ?? "swap",
    self_replies: group["allow_self_responses"] === true,
    auto_delay: number("auto_mode_delay", 5),
    favorite: group["fav"] === true || group["fav"] === "true",
    chat_id: group.chat_id ?? null,
    chats: [...(group.chats ?? [])],
    open: here().group === group.id,
  };
}

/** Ids of characters. Throws `unknown_character`, and `invalid_message` for one that is named twice. */
export function avatarsOf(wanted: readonly string[]): string[] {
  const { characters } = context();
  const avatars = wanted.map((one) => characters[findCharacter(one)]?.avatar ?? one);
  if (new Set(avatars).size === avatars.length) return avatars;
  throw new HostError("invalid_message", "A character is named twice.", { argument: "members" });
}

/** Makes a group and gives its id. */
export async function createGroup(members: string[], change: GroupChange): Promise<string> {
  const { characters, groups, humanizedDateTime } = context();
  const names = members.map((avatar) => characters.find((found) => found.avatar === avatar)?.name ?? avatar);
  const chat = humanizedDateTime?.() ?? String(Date.now());
  const known = new Set(groups.map(({ id }) => id));
  const body = {
    avatar_url: "img/ai4.png",
    hideMutedSprites: false,
    disabled_members: [],
    ...(await fieldsOf(change)),
    name: change.name ?? unused(`Group: ${names.join(", ")}`.slice(0, 200), groups),
    members,
    chat_id: chat,
    chats: [chat],
  };
  const made = (await (await post("/api/groups/create", body, "making the group")).json()) as STGroup;
  await reload();
  if (!known.has(made.id) && context().groups.some(({ id }) => id === made.id)) return made.id;
  throw new HostError("command_failed", "SillyTavern did not make the group.");
}

function unused(name: string, groups: readonly STGroup[]): string {
  const taken = new Set(groups.map((group) => group.name));
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name} (${number})`;
  return free;
}

/** As SillyTavern keeps them. */
async function fieldsOf(change: GroupChange): Promise<Partial<STGroup>> {
  const { name, strategy, cards, self_replies, auto_delay, favorite, members, muted, avatar } = change;
  const fields: Record<string, unknown> = {
    name,
    activation_strategy: strategy && STRATEGIES.indexOf(strategy),
    generation_mode: cards && CARDS.indexOf(cards),
    allow_self_responses: self_replies,
    auto_mode_delay: auto_delay,
    fav: favorite,
    members,
    disabled_members: muted,
    avatar_url: avatar && (await uploadGroupPicture(avatar)),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

async function uploadGroupPicture(avatar: File64): Promise<string> {
  const format = /^image\/(png|jpeg|webp|gif)$/.exec(avatar.type)?.[1];
  if (format === undefined || decode(avatar).length === 0)
    throw new HostError("invalid_file", `“${avatar.name}” is no picture.`, { file: avatar.name });
  return uploadPicture(avatar.data, format, "groups", `group_${Date.now()}`);
}

/** Changes a group, on disk and here. */
export async function changeGroup(id: string, change: GroupChange, script: ScriptModule): Promise<void> {
  const group = findGroup(id);
  const fields = await fieldsOf(change);
  // A copy goes to the server: where that refuses it, nothing was changed.
  await saveGroup({ ...group, ...fields });
  Object.assign(findGroup(id), fields);
  if (change.members !== undefined) await context().unshallowGroupMembers?.(id);
  await announce("GROUP_UPDATED", "group_updated");
  script.printCharactersDebounced?.();
  if (here().group === id && showsGroup()) await script.openGroupById?.(id);
}

/** Whether the panel shows the open group; while a new one is made in it, it must be left alone. */
function showsGroup(): boolean {
  const panel = document.querySelector<HTMLElement>("#rm_group_chats_block");
  const making = document.querySelector<HTMLElement>("#rm_group_submit");
  return panel !== null && panel.offsetParent !== null && making?.style.display === "none";
}

/** Deletes a group and its chats. */
export async function deleteGroup(id: string, script: ScriptModule): Promise<void> {
  const before = here();
  const { chats = [] } = findGroup(id);
  if (before.group === id) {
    await script.closeCurrentChat?.();
    if (here().group === id)
      throw new HostError("busy", "SillyTavern did not close the group's chat. It may be saving.");
  }
  try {
    await post("/api/groups/delete", { id }, "deleting the group");
  } catch (thrown) {
    if (before.group === id) await goBack(before, script);
    throw thrown;
  }
  for (const chat of chats) await announce("GROUP_CHAT_DELETED", "group_chat_deleted", chat);
  const { tagMap } = context();
  if (tagMap !== undefined) Reflect.deleteProperty(tagMap, id);
  await reload();
  await saveSettings();
}
