/** `persona.*`: who the person is in SillyTavern, and where. */

import type { File, PersonaDeleted, PersonaSheet, PersonaSummary } from "@tavernlink/client";

import { fetchFile } from "../host/bytes.js";
import { isGroupOpen } from "../host/chat.js";
import { context } from "../host/context.js";
import { HostError } from "../host/failure.js";
import { type Host } from "../host/host.js";
import {
  checkPersonaName,
  connect,
  createPersona,
  deletePersona,
  descriptors,
  editPersona,
  findPersona,
  lockChat,
  names,
  POSITIONS,
  ROLES,
  selectedPersona,
  selectPersona,
  setDefault,
  type Connection,
  type Descriptor,
} from "../host/personas.js";
import { checkLorebook, find } from "../host/roster.js";
import { file, flag, optionalText, text, type Arguments } from "./arguments.js";
import { alone } from "./alone.js";
import { type CommandCall } from "./call.js";
import type { Noun } from "./noun.js";

async function summary(id: string): Promise<PersonaSummary> {
  const { powerUserSettings, chatMetadata } = context();
  const entry = descriptors()[id] ?? {};
  return {
    id,
    name: (names()[id] ?? "").slice(0, 200),
    title: (entry.title ?? "").slice(0, 200),
    selected: (await selectedPersona()) === id,
    default: powerUserSettings["default_persona"] === id,
    chat: chatMetadata["persona"] === id,
    characters: (entry.connections ?? []).map((connection) => connection.id),
  };
}

async function sheet(id: string): Promise<PersonaSheet> {
  const { description = "", position, depth = 2, role = 0, lorebook = "" } = descriptors()[id] ?? {};
  const named = Object.entries(POSITIONS).find(([, number]) => number === position)?.[0];
  return {
    ...(await summary(id)),
    description,
    position: (named ?? "in_prompt") as keyof typeof POSITIONS,
    depth,
    role: ROLES[role] ?? "system",
    lorebook,
  };
}

function list(): Promise<PersonaSummary[]> {
  return Promise.all(Object.keys(names()).map(summary));
}

/** The fields of a persona among the arguments. */
function fields(args: Arguments): Descriptor {
  checkLorebook(args["lorebook"]);
  const position = optionalText(args, "position") as keyof typeof POSITIONS | undefined;
  const role = ROLES.findIndex((known) => known === args["role"]);
  const descriptor: Descriptor = {};
  for (const name of ["description", "title", "lorebook"] as const) {
    const given = optionalText(args, name);
    if (given !== undefined) descriptor[name] = given;
  }
  if (position !== undefined) descriptor.position = POSITIONS[position];
  if (typeof args["depth"] === "number") descriptor.depth = args["depth"];
  if (role >= 0) descriptor.role = role;
  return descriptor;
}

function create(host: Host, args: Arguments, call: CommandCall): Promise<PersonaSheet> {
  const name = personaName(text(args, "name"));
  const avatar = file(args, "avatar");
  return alone(host, call, async () => {
    if (!flag(args, "same_name", false)) checkPersonaName(name);
    const id = await createPersona(name, fields(args), avatar);
    if (flag(args, "select", false)) await selectPersona(id);
    return sheet(id);
  });
}

function personaName(name: string): string {
  if (name.trim() !== "") return name.trim();
  throw new HostError("invalid_message", "A persona needs a name.", { argument: "name" });
}

function edit(host: Host, args: Arguments, call: CommandCall): Promise<PersonaSheet> {
  const wanted = text(args, "persona");
  const given = optionalText(args, "name");
  const avatar = file(args, "avatar");
  return alone(host, call, async () => {
    const id = findPersona(wanted);
    const name = given === undefined ? undefined : personaName(given);
    if (name !== undefined && !flag(args, "same_name", false)) checkPersonaName(name, id);
    await editPersona(host, id, {
      descriptor: fields(args),
      ...(name === undefined ? {} : { name }),
      ...(avatar === undefined ? {} : { avatar }),
    });
    return sheet(id);
  });
}

function select(host: Host, args: Arguments, call: CommandCall): Promise<PersonaSummary> {
  const wanted = text(args, "persona");
  return alone(host, call, async () => {
    const id = findPersona(wanted);
    await selectPersona(id);
    return summary(id);
  });
}

function remove(host: Host, args: Arguments, call: CommandCall): Promise<PersonaDeleted> {
  const wanted = text(args, "persona");
  return alone(host, call, async () => {
    const id = findPersona(wanted);
    return { id, selected: await deletePersona(id) };
  });
}

function bind(host: Host, args: Arguments, call: CommandCall): Promise<PersonaSummary> {
  const wanted = text(args, "persona");
  const on = flag(args, "on", true);
  return alone(host, call, async () => {
    const id = findPersona(wanted);
    const to = text(args, "to");
    if (to === "default") await setDefault(id, on);
    else if (to === "character") await connect(id, connection(optionalText(args, "character")), on);
    else await bindChat(id, on);
    return summary(id);
  });
}

async function bindChat(id: string, on: boolean): Promise<void> {
  const { getCurrentChatId, chatMetadata } = context();
  if (getCurrentChatId() === undefined) throw nothingOpen();
  if (on) await lockChat(id);
  else if (chatMetadata["persona"] === id) await lockChat(undefined);
}

/** A character or group by id or name; without one, what is open. */
function connection(wanted: string | undefined): Connection {
  const { groups, groupId, characters, characterId } = context();
  if (wanted === undefined) {
    if (isGroupOpen() && groupId) return { type: "group", id: groupId };
    const open = characterId === undefined ? undefined : characters[Number(characterId)];
    if (open === undefined) throw nothingOpen();
    return { type: "character", id: open.avatar };
  }
  const group = groups.find(({ id, name }) => id === wanted || name === wanted);
  return group === undefined
    ? { type: "character", id: find(wanted).avatar }
    : { type: "group", id: group.id };
}

function nothingOpen(): HostError {
  return new HostError("no_character", "No character is open in SillyTavern. Open one, or name one.");
}

async function avatar(_host: Host, args: Arguments): Promise<File> {
  const id = findPersona(text(args, "persona"));
  const at = encodeURIComponent(id);
  const address = flag(args, "thumbnail", false)
    ? `/thumbnail?type=persona&file=${at}`
    : `/User%20Avatars/${at}`;
  const found = await fetchFile(address, id);
  if (found !== undefined) return found;
  throw new HostError("unknown_persona", "The persona's picture is gone.", { persona: id });
}

export const personas = {
  "persona.list": { lane: "immediate", run: list },
  "persona.get": { lane: "immediate", run: (_host, args) => sheet(findPersona(text(args, "persona"))) },
  "persona.select": { lane: "visible", run: select },
  "persona.create": { lane: "visible", run: create },
  "persona.edit": { lane: "visible", run: edit },
  "persona.delete": { lane: "visible", run: remove },
  "persona.bind": { lane: "visible", run: bind },
  "persona.avatar": { lane: "detached", run: avatar },
} satisfies Noun;
