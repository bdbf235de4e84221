/** A moment in which the person would not mind settings to change: no generation, no dialog, no open message editor. */

import type { Gate } from "./gate.js";
import { throwIfCancelled } from "./failure.js";

const LOOK_MS = 500;

export async function whenQuiet(
  gate: Pick<Gate, "whenIdle">,
  signal: AbortSignal,
  page: Document = document,
): Promise<void> {
  for (;;) {
    await gate.whenIdle(signal);
    if (page.querySelector("dialog[open]:not([closing]), #chat .edit_textarea") === null) return;
    // Neither dialogs nor editors have an end that can be listened to.
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    throwIfCancelled(signal);
  }
}
