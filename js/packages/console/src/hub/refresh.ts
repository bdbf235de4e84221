/** Asking again now and then, for what the hub tells nobody by itself; not while the page is hidden or the line down. */

import type { Stay } from "./session.svelte.js";

const EVERY = 3_000;

/** Returns what ends it. */
export function refreshing(stay: Stay, load: () => Promise<unknown>): () => void {
  const timer = setInterval(() => {
    if (!document.hidden && stay.line.name === "online") void load();
  }, EVERY);
  return () => {
    clearInterval(timer);
  };
}
