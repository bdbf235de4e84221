/** As whom this browser comes to the hub: the same app each time, so that it stays a member of its rooms. */

import { makeId } from "@tavernlink/client";

const KEPT = "tavernlink.app";

/** The app id that this browser keeps. */
export function ownId(kept: Storage): string {
  const known = kept.getItem(KEPT);
  if (known !== null) return known;
  const made = `console-${makeId().slice(0, 12)}`;
  kept.setItem(KEPT, made);
  return made;
}

/** For a page whose id another page of this browser took over. */
export function anotherId(): string {
  return `console-${makeId().slice(0, 12)}`;
}
