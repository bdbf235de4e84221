/** The author's note. Changed through its own fields, so that SillyTavern does what it does when the person types. */

import { checkOpen } from "./chat.js";
import { context } from "./context.js";
import { HostError } from "./failure.js";
import { saveSettings } from "./library/server.js";
import { saveChat } from "./saves.js";

export type NotePosition = "after_prompt" | "in_chat" | "before_prompt";
export type NoteRole = "system" | "user" | "assistant";
export type NoteTarget = "chat" | "default";

export interface NoteFields {
  text: string;
  position: NotePosition;
  depth: number;
  role: NoteRole;
  interval: number;
}

/** In the order of SillyTavern's numbers. */
const POSITIONS: readonly NotePosition[] = ["after_prompt", "in_chat", "before_prompt"];
const ROLES: readonly NoteRole[] = ["system", "user", "assistant"];

const CHAT = {
  text: "#extension_floating_prompt",
  depth: "#extension_floating_depth",
  interval: "#extension_floating_interval",
  role: "#extension_floating_role",
  position: "extension_floating_position",
};
const DEFAULT: typeof CHAT = {
  text: "#extension_floating_default",
  depth: "#extension_default_depth",
  interval: "#extension_default_interval",
  role: "#extension_default_role",
  position: "extension_default_position",
};

function number(value: unknown, otherwise: number): number {
  const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof found === "number" && Number.isFinite(found) ? found : otherwise;
}

function fields(kept: Record<string, unknown>, names: Record<keyof NoteFields, string>): NoteFields {
  const text = kept[names.text];
  return {
    text: typeof text === "string" ? text : "",
    position: POSITIONS[number(kept[names.position], 1)] ?? "in_chat",
    depth: number(kept[names.depth], 4),
    role: ROLES[number(kept[names.role], 0)] ?? "system",
    interval: number(kept[names.interval], 1),
  };
}

export function readDefaultNote(): NoteFields {
  return fields((context().extensionSettings["note"] ?? {}) as Record<string, unknown>, {
    text: "default",
    position: "defaultPosition",
    depth: "defaultDepth",
    role: "defaultRole",
    interval: "defaultInterval",
  });
}

/** Null: no chat is open. */
export function readChatNote(): NoteFields | null {
  if (context().getCurrentChatId() === undefined) return null;
  return fields(context().chatMetadata, {
    text: "note_prompt",
    position: "note_position",
    depth: "note_depth",
    role: "note_role",
    interval: "note_interval",
  });
}

export async function changeNote(target: NoteTarget, change: Partial<NoteFields>): Promise<NoteFields> {
  if (target === "chat") checkOpen();
  const ids = target === "chat" ? CHAT : DEFAULT;
  if (change.text !== undefined) type(ids.text, change.text);
  if (change.depth !== undefined) type(ids.depth, String(change.depth));
  if (change.interval !== undefined) type(ids.interval, String(change.interval));
  if (change.role !== undefined) type(ids.role, String(ROLES.indexOf(change.role)));
  if (change.position !== undefined) choose(ids.position, String(POSITIONS.indexOf(change.position)));
  await (target === "chat" ? saveChat() : saveSettings());
  const now = target === "chat" ? readChatNote() : readDefaultNote();
  if (now === null) throw new HostError("no_character", "No chat is open in SillyTavern.");
  return now;
}

function type(selector: string, value: string): void {
  const field = document.querySelector<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>(selector);
  if (field === null) throw missing();
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function choose(name: string, value: string): void {
  const field = document.querySelector<HTMLInputElement>(`input[name="${name}"][value="${value}"]`);
  if (field === null) throw missing();
  field.checked = true;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function missing(): HostError {
  return new HostError("unsupported_backend", "This SillyTavern's author's note has other fields.");
}
