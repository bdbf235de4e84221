/** Where a list stays while it grows: at its end, or with the same message at the same place. Plain numbers. */

export interface Box {
  scrollTop: number;
  scrollHeight: number;
  clientHeight: number;
}

/** So close to the end that it counts as there, in pixels. */
const NEAR = 48;
/** Earlier messages are fetched before the person meets the beginning of what is loaded. */
const AHEAD = 600;

export function isAtEnd({ scrollTop, scrollHeight, clientHeight }: Box): boolean {
  return scrollHeight - scrollTop - clientHeight < NEAR;
}

export function wantsEarlier({ scrollTop }: Box): boolean {
  return scrollTop < AHEAD;
}

/** Tops and bottoms of the list's items, top to bottom, against the list's own top: the first one in sight. */
export function firstInSight(items: readonly { top: number; bottom: number }[]): number {
  let low = 0;
  let high = items.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.bottom ?? 0) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The new `scrollTop` that brings an item back to where it stood. */
export function restored(scrollTop: number, before: number, now: number): number {
  return Math.max(0, scrollTop + now - before);
}

/** How many messages came at the end while the person looked elsewhere. */
export function unread(before: number, lastBefore: number, lastNow: number, atEnd: boolean): number {
  if (atEnd) return 0;
  return Math.max(0, before + Math.max(0, lastNow - lastBefore));
}
