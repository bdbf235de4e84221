/** Which alternative of a message the arrows beside it lead to. Plain data: `Swipes.svelte` shows it. */

import type { ChatMessage } from "@tavernlink/client";

export interface Place {
  index: number;
  /** Messages in the chat. */
  total: number;
}

/** Position as people count it, from 1. */
export function shown({ swipe, swipes }: Pick<ChatMessage, "swipe" | "swipes">): { at: number; of: number } {
  const of = Math.max(swipes ?? 1, 1);
  return { at: Math.min((swipe ?? 0) + 1, of), of };
}

/**
 * The alternative to show, from 0; `new`: one is to be generated; null: there is none.
 *
 * Only the last message of a chat gets new ones, and not a greeting: its alternatives stand on the card.
 */
export function target(
  message: Pick<ChatMessage, "role" | "swipe" | "swipes">,
  { index, total }: Place,
  step: -1 | 1,
): number | "new" | null {
  const { at, of } = shown(message);
  const wanted = at - 1 + step;
  if (wanted >= 0 && wanted < of) return wanted;
  const isLastReply = message.role === "assistant" && index === total - 1 && index > 0;
  return step === 1 && isLastReply ? "new" : null;
}

/** True where the arrows have something to do. */
export function hasSwipes(message: ChatMessage, place: Place): boolean {
  return shown(message).of > 1 || target(message, place, 1) !== null;
}

/** A finger's way over a message: the step it asks for, or null where it was a scroll or a tap. */
export function stepOf(across: number, down: number): -1 | 1 | null {
  if (Math.abs(across) < 60 || Math.abs(across) < 2 * Math.abs(down)) return null;
  return across < 0 ? 1 : -1;
}
