/**
 * The person's personas. They are entries of SillyTavern's settings, each under the file name of its picture; the fields
 * of the selected one stand beside them once more, which is what prompts are made of. (For a speaker who is lent the
 * person's place for one generation, see persona.ts.)
 */

import { type File64, picture, postForm } from "./bytes.js";
import { isObject } from "./cards.js";
import { context } from "./context.js";
import { HostError } from "./failure.js";
import { loadModule, saveSettings } from "./library/server.js";
import { type Roster } from "./roster.js";

/** SillyTavern's `persona_description_positions`. */
export const POSITIONS = { in_prompt: 0, top_of_note: 2, bottom_of_note: 3, at_depth: 4, none: 9 } as const;
/** SillyTavern's `extension_prompt_roles`. */
export const ROLES = ["system", "user", "assistant"] as const;

export interface Connection {
  type: "character" | "group";
  id: string;
}

/** One entry of `power_user.persona_descriptions`. */
export interface Descriptor {
  description?: string;
  position?: number;
  depth?: number;
  role?: number;
  lorebook?: string;
  title?: string;
  connections?: Connection[];
}

/** The selected persona's fields, as they stand in SillyTavern's settings beside the descriptors. */
const SELECTED: Readonly<Record<string, keyof Descriptor>> = {
  persona_description: "description",
  persona_description_position: "position",
  persona_description_depth: "depth",
  persona_description_role: "role",
  persona_description_lorebook: "lorebook",
};

const MODULE = "/scripts/personas.js";
const NO_PICTURE = "/img/user-default.png";

export function names(): Record<string, string> {
  return part("personas") as Record<string, string>;
}

export function descriptors(): Record<string, Descriptor> {
  return part("persona_descriptions") as Record<string, Descriptor>;
}

function part(name: string): Record<string, unknown> {
  const settings = context().powerUserSettings;
  const found = settings[name];
  if (isObject(found)) return found;
  const made = {};
  settings[name] = made;
  return made;
}

/** Id of the persona with this id or, where only one has it, this name. */
export function findPersona(wanted: string): string {
  const known = names();
  if (Object.hasOwn(known, wanted)) return wanted;
  const [only, another] = Object.keys(known).filter((id) => known[id] === wanted);
  if (only !== undefined && another === undefined) return only;
  throw new HostError(
    "unknown_persona",
    only === undefined
      ? `SillyTavern has no persona “${wanted}”.`
      : `More than one persona is called “${wanted}”: name one by its id.`,
    { persona: wanted },
  );
}

/** Throws `name_taken` where another persona than `id` has the name. */
export function checkPersonaName(name: string, id?: string): void {
  const other = Object.entries(names()).find(([key, known]) => known === name && key !== id);
  if (other === undefined) return;
  throw new HostError(
    "name_taken",
    `There is a persona called “${name}” already. Set same_name to have two of them.`,
    { name, persona: other[0] },
  );
}

/** Id of the persona that the person is now. */
export async function selectedPersona(): Promise<string | null> {
  const avatar = (await loadModule(MODULE))?.["user_avatar"];
  return typeof avatar === "string" && avatar !== "" ? avatar : null;
}

export async function selectPersona(id: string): Promise<void> {
  const select = (await loadModule(MODULE))?.["setUserAvatar"];
  if (typeof select !== "function") throw unsupported();
  await (select as (id: string, options: object) => Promise<void>)(id, {
    toastPersonaNameChange: false,
    navigateToCurrent: true,
  });
  if ((await selectedPersona()) !== id)
    throw new HostError("busy", "SillyTavern did not take over the persona.");
  await saveSettings();
}

export async function createPersona(
  name: string,
  descriptor: Descriptor,
  avatar: File64 | undefined,
): Promise<string> {
  const image = await (avatar === undefined ? standIn() : picture(avatar));
  const id = await upload(image, `${Date.now()}-${name.replaceAll(/[^a-zA-Z0-9]/g, "")}.png`);
  names()[id] = name;
  descriptors()[id] = {
    description: "",
    position: POSITIONS.in_prompt,
    depth: 2,
    role: 0,
    lorebook: "",
    title: "",
    connections: [],
    ...descriptor,
  };
  await saveSettings();
  await tell("PERSONA_CREATED", {
    avatarId: id,
    name,
    description: descriptor.description ?? "",
    title: descriptor.title ?? "",
  });
  await redraw(id);
  return id;
}

export async function editPersona(
  host: Roster,
  id: string,
  { name, descriptor, avatar }: { name?: string; descriptor: Descriptor; avatar?: File64 },
): Promise<void> {
  // What can fail goes first.
  if (avatar !== undefined) {
    await upload(await picture(avatar), id);
    await refreshPicture(id);
  }
  const selected = (await selectedPersona()) === id;
  const entry = (descriptors()[id] ??= {});
  Object.assign(entry, descriptor);
  if (selected) showSelected(descriptor);
  const oldName = names()[id];
  if (name !== undefined && name !== oldName) {
    names()[id] = name;
    if (selected) host.script.setUserName?.(name, { toastPersonaNameChange: false });
    await tell("PERSONA_RENAMED", { avatarId: id, oldName, newName: name });
  }
  await saveSettings();
  await tell("PERSONA_UPDATED", id);
  await redraw(id);
}

/** Copies what the selected persona's entry says to where prompts read it. */
function showSelected(descriptor: Descriptor): void {
  const settings = context().powerUserSettings;
  for (const [field, key] of Object.entries(SELECTED))
    if (descriptor[key] !== undefined) settings[field] = descriptor[key];
}

/** Deletes one; where it is selected, another one is selected first. Gives the one that is selected then. */
export async function deletePersona(id: string): Promise<string | null> {
  if ((await selectedPersona()) === id) {
    const other = Object.keys(names()).find((known) => known !== id);
    if (other === undefined) {
      throw new HostError("unsupported_parameter", "SillyTavern needs a persona: the last one has to stay.", {
        parameter: "persona",
      });
    }
    await selectPersona(other);
  }
  const answer = await fetch("/api/avatars/delete", {
    method: "POST",
    headers: context().getRequestHeaders(),
    body: JSON.stringify({ avatar: id }),
  });
  // A picture that is not there is gone all right.
  if (!answer.ok && answer.status !== 404)
    throw new HostError(
      "command_failed",
      `SillyTavern did not delete the persona (status ${answer.status}).`,
    );
  const name = names()[id] ?? "";
  Reflect.deleteProperty(names(), id);
  Reflect.deleteProperty(descriptors(), id);
  const { powerUserSettings, chatMetadata } = context();
  if (powerUserSettings["default_persona"] === id) powerUserSettings["default_persona"] = null;
  if (chatMetadata["persona"] === id) await lockChat(undefined);
  await saveSettings();
  await tell("PERSONA_DELETED", { avatarId: id, name });
  await redraw();
  return selectedPersona();
}

/** Binds the open chat to a persona, or to none. */
export async function lockChat(id: string | undefined): Promise<void> {
  const { chatMetadata, saveMetadata } = context();
  if (id === undefined) Reflect.deleteProperty(chatMetadata, "persona");
  else chatMetadata["persona"] = id;
  await saveMetadata();
  await redraw();
}

/** Binds a character or group to a persona, or no longer. One that may have one alone leaves its former one. */
export async function connect(id: string, to: Connection, on: boolean): Promise<void> {
  const same = (other: Connection): boolean => other.type === to.type && other.id === to.id;
  const many = context().powerUserSettings["persona_allow_multi_connections"] === true;
  for (const [key, entry] of Object.entries(descriptors())) {
    if (key !== id && (many || !on)) continue;
    const others = (entry.connections ?? []).filter((other) => !same(other));
    if (key === id && on) others.push(to);
    if (others.length > 0 || entry.connections !== undefined) entry.connections = others;
  }
  await saveSettings();
  await redraw();
}

export async function setDefault(id: string, on: boolean): Promise<void> {
  const settings = context().powerUserSettings;
  if (on) settings["default_persona"] = id;
  else if (settings["default_persona"] === id) settings["default_persona"] = null;
  await saveSettings();
  await redraw();
}

async function upload(image: Blob, id: string): Promise<string> {
  const answer = await postForm(
    "/api/avatars/upload",
    { overwrite_name: id },
    { name: "avatar.png", blob: image },
  );
  if (!answer.ok) {
    // The browser could read it. SillyTavern's server cannot where npm put its packages beside it and not inside.
    throw new HostError(
      "command_failed",
      `SillyTavern's server could not read the picture (status ${answer.status}).`,
    );
  }
  return ((await answer.json()) as { path?: string }).path ?? id;
}

async function standIn(): Promise<Blob> {
  const answer = await fetch(NO_PICTURE);
  if (!answer.ok)
    throw new HostError("command_failed", "SillyTavern has no picture for a persona without one.");
  return answer.blob();
}

async function refreshPicture(id: string): Promise<void> {
  const file = encodeURIComponent(id);
  for (const address of [`/thumbnail?type=persona&file=${file}`, `/User%20Avatars/${file}`])
    await fetch(address, { cache: "reload" }).catch(() => undefined);
}

async function tell(event: string, content: unknown): Promise<void> {
  const { eventSource, eventTypes } = context();
  // Older versions have no such event, and nobody listens to it there.
  const name = eventTypes[event];
  if (name !== undefined) await eventSource.emit(name, content);
}

/** The list of personas, and the fields of the selected one. */
async function redraw(openAt?: string): Promise<void> {
  const module = await loadModule(MODULE);
  const list = module?.["getUserAvatars"];
  if (typeof list === "function")
    await (list as (draw: boolean, at?: string) => Promise<unknown>)(true, openAt);
  const fields = module?.["setPersonaDescription"];
  if (typeof fields === "function") (fields as () => void)();
}

function unsupported(): HostError {
  return new HostError("unsupported_parameter", "This version of SillyTavern cannot change its persona.", {
    parameter: "persona",
  });
}
