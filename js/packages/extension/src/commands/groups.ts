/** `group.…`: groups of characters, and who of them speaks. */

import type { Group } from "@tavernlink/client";

import { context } from "../host/context.js";
import { HostError } from "../host/failure.js";
import { findCharacter } from "../host/cast.js";
import {
  avatarsOf,
  CARDS,
  changeGroup,
  createGroup,
  deleteGroup,
  groupOf,
  STRATEGIES,
  type GroupChange,
} from "../host/groups.js";
import { type Host } from "../host/host.js";
import { throwIfUnfinished } from "../host/messages.js";
import { findGroup } from "../host/owners.js";
import { here } from "../host/places.js";
import {
  file,
  optionalChoice,
  optionalCount,
  optionalFlag,
  optionalText,
  text,
  texts,
  type Arguments,
} from "./arguments.js";
import { type CommandCall, type GenerationResult } from "./call.js";
import type { Noun } from "./noun.js";
import { ready } from "./ready.js";
import { NOBODY } from "./speaker.js";
import { checkBackend, generateVisible } from "./visible.js";

/** The named group, or the open one. */
function chosen(args: Arguments): Group {
  const wanted = optionalText(args, "group") ?? here().group;
  if (wanted !== null) return groupOf(findGroup(wanted));
  throw new HostError("no_character", "No group is open in SillyTavern. Open one, or name one.");
}

/** Id of the character that is named; it must be one of the group's. */
function member(args: Arguments, { members, name }: Group): string {
  const avatar = named(args);
  if (members.some(({ character }) => character === avatar)) return avatar;
  throw new HostError("unknown_character", `“${text(args, "character")}” is not in the group “${name}”.`, {
    character: avatar,
  });
}

function named(args: Arguments): string {
  const wanted = text(args, "character");
  return context().characters[findCharacter(wanted)]?.avatar ?? wanted;
}

function settings(args: Arguments): GroupChange {
  return {
    name: optionalText(args, "name"),
    strategy: optionalChoice(args, "strategy", STRATEGIES),
    cards: optionalChoice(args, "cards", CARDS),
    self_replies: optionalFlag(args, "self_replies"),
    auto_delay: optionalCount(args, "auto_delay"),
    favorite: optionalFlag(args, "favorite"),
    avatar: file(args, "avatar"),
  };
}

/** The list of characters is read again: no prompt may be built from it meanwhile. */
async function alone<T>(host: Host, call: CommandCall, work: () => Promise<T>): Promise<T> {
  await ready(host, call);
  const release = await host.gate.reserve(call.signal);
  try {
    return await work();
  } finally {
    release();
  }
}

function create(host: Host, args: Arguments, call: CommandCall): Promise<Group> {
  return alone(host, call, async () => {
    const id = await createGroup(avatarsOf(texts(args, "members")), settings(args));
    return groupOf(findGroup(id));
  });
}

async function change(
  host: Host,
  args: Arguments,
  call: CommandCall,
  made: (group: Group) => GroupChange,
): Promise<Group> {
  await ready(host, call);
  const group = chosen(args);
  await changeGroup(group.group, made(group), host.script);
  return groupOf(findGroup(group.group));
}

function remove(host: Host, args: Arguments, call: CommandCall): Promise<Record<string, never>> {
  return alone(host, call, async () => {
    const group = chosen(args);
    if (group.open) throwIfUnfinished();
    await deleteGroup(group.group, host.script);
    return {};
  });
}

function added(args: Arguments, { members }: Group): string[] {
  const avatar = named(args);
  const others = idsOf(members).filter((id) => id !== avatar);
  if (others.length < members.length) {
    throw new HostError("invalid_message", "The character is in the group already.", { character: avatar });
  }
  others.splice(optionalCount(args, "index") ?? others.length, 0, avatar);
  return others;
}

function ordered(args: Arguments, { members }: Group): string[] {
  const wanted = avatarsOf(texts(args, "members"));
  const all = new Set(idsOf(members));
  if (wanted.length === all.size && wanted.every((avatar) => all.has(avatar))) return wanted;
  throw new HostError("invalid_message", "Name all members of the group, and nobody else.", {
    argument: "members",
    members: [...all],
  });
}

function muted(args: Arguments, group: Group, on: boolean): string[] {
  const avatar = member(args, group);
  const others = idsOf(group.members.filter((one) => one.muted)).filter((id) => id !== avatar);
  return on ? [...others, avatar] : others;
}

function without(args: Arguments, group: Group): GroupChange {
  const avatar = member(args, group);
  const left = group.members.filter(({ character }) => character !== avatar);
  return { members: idsOf(left), muted: idsOf(left.filter((one) => one.muted)) };
}

function idsOf(members: Group["members"]): string[] {
  return members.map(({ character }) => character);
}

/** The member speaks next, whatever the group's way of choosing. */
async function trigger(host: Host, args: Arguments, call: CommandCall): Promise<GenerationResult> {
  await ready(host, call);
  const group = chosen(args);
  if (!group.open) {
    throw new HostError("no_character", `The group “${group.name}” is not open. Open it with chat.open.`, {
      group: group.group,
    });
  }
  const speaker = findCharacter(member(args, group));
  checkBackend();
  return generateVisible(host, "reply", call, { turn: NOBODY, speaker });
}

export const groups = {
  "group.list": { lane: "immediate", run: () => Promise.resolve(context().groups.map(groupOf)) },
  "group.get": { lane: "immediate", run: (_host, args) => Promise.resolve(chosen(args)) },
  "group.create": { lane: "visible", run: create },
  "group.edit": {
    lane: "visible",
    run: (host, args, call) => change(host, args, call, () => settings(args)),
  },
  "group.delete": { lane: "visible", run: remove },
  "group.member.add": {
    lane: "visible",
    run: (host, args, call) => change(host, args, call, (group) => ({ members: added(args, group) })),
  },
  "group.member.remove": {
    lane: "visible",
    run: (host, args, call) => change(host, args, call, (group) => without(args, group)),
  },
  "group.member.order": {
    lane: "visible",
    run: (host, args, call) => change(host, args, call, (group) => ({ members: ordered(args, group) })),
  },
  "group.member.mute": {
    lane: "visible",
    run: (host, args, call) => change(host, args, call, (group) => ({ muted: muted(args, group, true) })),
  },
  "group.member.unmute": {
    lane: "visible",
    run: (host, args, call) => change(host, args, call, (group) => ({ muted: muted(args, group, false) })),
  },
  "group.member.trigger": { lane: "visible", run: trigger },
} satisfies Noun;
