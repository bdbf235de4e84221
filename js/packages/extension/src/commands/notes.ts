/** `note.*`: the author's note. */

import type { Note } from "@tavernlink/client";

import { changeNote, readChatNote, readDefaultNote, type NoteFields } from "../host/notes.js";
import { alone } from "./alone.js";
import { choice, optionalChoice, optionalInteger, optionalText, type Arguments } from "./arguments.js";
import type { Noun } from "./noun.js";

function change(args: Arguments): Partial<NoteFields> {
  const wanted: Partial<Record<keyof NoteFields, unknown>> = {
    text: optionalText(args, "text"),
    position: optionalChoice(args, "position", ["before_prompt", "after_prompt", "in_chat"]),
    depth: optionalInteger(args, "depth"),
    role: optionalChoice(args, "role", ["system", "user", "assistant"]),
    interval: optionalInteger(args, "interval"),
  };
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
}

function set(args: Arguments): Promise<Note> {
  return changeNote(choice(args, "target", ["chat", "default"], "chat"), change(args));
}

export const notes = {
  "note.get": {
    lane: "immediate",
    run: () => Promise.resolve({ chat: readChatNote(), default: readDefaultNote() }),
  },
  "note.set": { lane: "visible", run: (host, args, call) => alone(host, call, () => set(args)) },
} satisfies Noun;
