/** The loaded part of a chat, kept right by the hub's operations. Plain data: `chat.svelte.ts` shows it. */

import type { ChatMessage, ChatOp } from "@tavernlink/client";

export interface Loaded {
  /** Index in the chat of the first loaded message. */
  first: number;
  messages: readonly ChatMessage[];
}

/** Carry out operations, in order. Messages before the loaded part only move it. */
export function apply(loaded: Loaded, ops: readonly ChatOp[]): Loaded {
  let { first } = loaded;
  let messages = [...loaded.messages];
  for (const { op, index, message } of ops) {
    const at = index - first;
    if (op === "reset") {
      first = 0;
      messages = [];
    } else if (op === "insert" && message !== undefined) {
      if (at < 0) first += 1;
      else messages.splice(at, 0, message);
    } else if (op === "replace" && message !== undefined) {
      if (at >= 0 && at < messages.length) messages[at] = message;
    } else if (op === "remove") {
      if (at < 0) first -= 1;
      else messages.splice(at, 1);
    }
  }
  return { first, messages };
}
