/** Requests as they stand, kept right by the hub's news. Plain data: `requests.svelte.ts` shows it. */

import { COMMANDS, type RequestInfo } from "@tavernlink/client";

/** How long finished ones are shown, in seconds. */
export const SHOWN_AFTER = 600;
const MOST_FINISHED = 100;

export function isOver({ state }: Pick<RequestInfo, "state">): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}

/** Two keys may use one `request_id`: a request is told apart by both. */
export function keyOf({ key, request_id }: Pick<RequestInfo, "key" | "request_id">): string {
  return `${key ?? ""}/${request_id}`;
}

/** With one more piece of news; a late one about a finished request changes nothing. */
export function merged(list: readonly RequestInfo[], news: RequestInfo): RequestInfo[] {
  const key = keyOf(news);
  const at = list.findIndex((each) => keyOf(each) === key);
  const known = list[at];
  if (known === undefined) return [news, ...list];
  if (isOver(known) && !isOver(news)) return [...list];
  return list.with(at, news);
}

/** Running ones first, then those that wait in the order of their places, for each tavern. */
export function open(list: readonly RequestInfo[]): RequestInfo[] {
  return list
    .filter((each) => !isOver(each))
    .sort(
      (a, b) =>
        Number(a.state === "queued") - Number(b.state === "queued") ||
        (a.position ?? 0) - (b.position ?? 0) ||
        a.asked - b.asked,
    );
}

/** Finished lately, the newest first. `now` in seconds since 1970. */
export function finished(list: readonly RequestInfo[], now: number): RequestInfo[] {
  return list
    .filter((each) => isOver(each) && now - (each.finished ?? each.asked) <= SHOWN_AFTER)
    .sort((a, b) => (b.finished ?? 0) - (a.finished ?? 0))
    .slice(0, MOST_FINISHED);
}

/** Without what is shown no more: the list of a page that is open for days stays small. */
export function pruned(list: readonly RequestInfo[], now: number): RequestInfo[] {
  const kept = new Set(finished(list, now).map(keyOf));
  return list.filter((each) => !isOver(each) || kept.has(keyOf(each)));
}

/** True for what only reads: the pictures and lists that pages like this one fetch all day. */
export function isLooking({ type }: Pick<RequestInfo, "type">): boolean {
  return (COMMANDS as Partial<Record<string, { scope: string }>>)[type]?.scope === "chat:read";
}

const UNITS = [
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** Seconds as people say them, in the two largest units that matter: `0.8 sec`, `3 min 5 sec`, `2 hr 3 min`. */
export function lasting(seconds: number, language: string): string {
  const said = (count: number, unit: string, digits = 0): string =>
    new Intl.NumberFormat(language, {
      style: "unit",
      unit,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(count);
  if (seconds < 9.95) return said(Math.max(0, seconds), "second", 1);
  let rest = Math.round(seconds);
  const parts: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0 && parts.length < 2) parts.push(said(count, unit));
  }
  return parts.join(" ");
}
