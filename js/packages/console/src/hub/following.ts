/** Asking anew whenever the hub says that something is another than before. */

import type { Hub } from "@tavernlink/client";

type On = Hub["on"];

/**
 * Calls `load` when an event says so, and after a connection whose events were lost. While one load is under way the
 * next waits, and stands for all that came meanwhile. Returns what ends it.
 */
export function following(
  hub: Pick<Hub, "connection">,
  hear: (changed: () => void) => ReturnType<On>,
  load: () => Promise<unknown>,
): () => void {
  let busy = false;
  let again = false;
  let over = false;
  const changed = (): void => {
    if (over) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    void load().finally(() => {
      busy = false;
      if (!again) return;
      again = false;
      changed();
    });
  };
  const off = hear(changed);
  const offSession = hub.connection.on("session", ({ resumed }) => {
    if (!resumed) changed();
  });
  return () => {
    over = true;
    off();
    offSession();
  };
}
