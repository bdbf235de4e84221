/** When a command that changes something may begin: nothing generates, no dialog is in the way, nobody is in the middle. */

import { throwIfBlocked } from "../host/dialog.js";
import { HostError } from "../host/failure.js";
import { type Host } from "../host/host.js";
import { type CommandCall } from "./call.js";

/** A reply that is just being saved is over within this; one that is being written is not. */
const PATIENCE_MS = 5_000;

/**
 * Resolves when nothing is being generated. Rejects with `busy` where a reply is written for longer than a moment (it is
 * the person's: the hub's own wait in its queue), and with `blocked_by_dialog`.
 */
export async function ready(host: Host, { signal }: CommandCall, patience = PATIENCE_MS): Promise<void> {
  throwIfBlocked();
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort();
  }, patience);
  try {
    await host.gate.whenIdle(AbortSignal.any([signal, limit.signal]));
  } catch (thrown) {
    if (signal.aborted || !limit.signal.aborted) throw thrown;
    throw new HostError(
      "busy",
      "SillyTavern is writing a reply just now. Wait for it, or stop it with reply.stop.",
    );
  } finally {
    clearTimeout(timer);
  }
  throwIfBlocked();
}
