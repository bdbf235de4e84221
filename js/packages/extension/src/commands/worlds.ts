/** `world.*`: lorebooks. Their entries are in world_entries.ts. */

import type { Done, World, WorldBinding } from "@tavernlink/client";

import { findCharacter } from "../host/cast.js";
import { checkOpen, isGroupOpen } from "../host/chat.js";
import { context } from "../host/context.js";
import { HostError } from "../host/failure.js";
import { loadModule } from "../host/library/server.js";
import { alone } from "./alone.js";
import {
  activateWorld,
  bindToCharacter,
  bindToChat,
  bindToPersona,
  createWorld,
  deleteWorld,
  findWorld,
  listWorlds,
  readWorld,
} from "../host/worlds.js";
import { choice, flag, optionalText, text, type Arguments } from "./arguments.js";
import type { Noun } from "./noun.js";
import { describeEntry, worldEntries } from "./world_entries.js";

async function get(args: Arguments): Promise<World> {
  const name = text(args, "name");
  const { entries } = await readWorld(name);
  return { name, entries: Object.values(entries).map(describeEntry) };
}

async function remove(args: Arguments): Promise<Done> {
  await deleteWorld(text(args, "name"));
  return {};
}

async function bind(args: Arguments): Promise<WorldBinding> {
  const name = optionalText(args, "name");
  const to = choice(args, "to", ["chat", "character", "persona"], "chat");
  const wanted = optionalText(args, "character");
  let character: string | null = null;
  if (to === "chat") {
    checkOpen();
    await bindToChat(name);
  } else if (to === "persona") {
    const avatar = (await loadModule("/scripts/personas.js"))?.["user_avatar"];
    await bindToPersona(name, typeof avatar === "string" ? avatar : "");
  } else {
    const index = wanted === undefined ? openCharacter() : findCharacter(wanted);
    character = context().characters[index]?.avatar ?? null;
    await bindToCharacter(name, index);
  }
  return { name: name ?? null, to, character };
}

function openCharacter(): number {
  const { characterId } = context();
  if (!isGroupOpen() && characterId !== undefined) return Number(characterId);
  throw new HostError("no_character", "No character is open in SillyTavern. Open one, or name one.");
}

export const worlds = {
  "world.list": { lane: "immediate", run: () => listWorlds() },
  "world.get": { lane: "immediate", run: (_host, args) => get(args) },
  "world.create": {
    lane: "visible",
    run: (host, args, call) =>
      alone(host, call, async () => {
        await createWorld(text(args, "name"));
        return findWorld(text(args, "name"));
      }),
  },
  "world.delete": { lane: "visible", run: (host, args, call) => alone(host, call, () => remove(args)) },
  "world.activate": {
    lane: "visible",
    run: (host, args, call) =>
      alone(host, call, () => activateWorld(text(args, "name"), flag(args, "active", true))),
  },
  "world.bind": { lane: "visible", run: (host, args, call) => alone(host, call, () => bind(args)) },
  ...worldEntries,
} satisfies Noun;
