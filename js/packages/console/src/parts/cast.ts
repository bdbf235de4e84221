/** Who is drawn one by one: as many as fit, the busiest, with as little coming and going as possible. */

import type { Stats, TavernInfo } from "@tavernlink/client";

import type { Flow } from "../hub/flow.js";
import { roomFor, type Cast, type Listed } from "./graph.js";

const byName = new Intl.Collator(undefined, { numeric: true });

/** Whoever is drawn already stays until somebody is twice as busy. */
const LOYALTY = 2;

export function chooseCast(
  taverns: readonly TavernInfo[],
  flow: Flow,
  stats: Stats | null,
  shown: ReadonlySet<string>,
  width: number,
  height: number,
  now: number,
  named: readonly Listed[] = [],
): Cast {
  const weights = flow.weights(now);
  const seen = [...flow.peers.values()];
  const apps = seen.filter(({ kind }) => kind === "app").map(online);
  const heard = seen.filter(({ kind }) => kind === "room").map(online);
  const rooms = [...named, ...heard.filter(({ id }) => named.every((each) => each.id !== id))];
  const known = taverns.map(({ tavern_id, name, online }) => ({ id: tavern_id, name, online }));
  const all = { tavern: known.length, app: stats?.apps ?? 0, room: stats?.rooms ?? 0 };
  const withRooms = rooms.length > 0 || all.room > 0;
  const pick = (kind: "tavern" | "app" | "room", from: readonly Listed[]): readonly Listed[] => {
    const weight = ({ id, online }: Listed): number =>
      ((weights.get(id) ?? 0) + (online ? 0.01 : 0)) * (shown.has(id) ? LOYALTY : 1);
    return [...from]
      .sort((a, b) => weight(b) - weight(a))
      .slice(0, roomFor(kind, width, height, withRooms))
      .sort((a, b) => byName.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
  };
  const cast = { taverns: pick("tavern", known), apps: pick("app", apps), rooms: pick("room", rooms) };
  return {
    ...cast,
    more: {
      tavern: all.tavern - cast.taverns.length,
      app: Math.max(0, all.app - cast.apps.length),
      room: Math.max(0, all.room - cast.rooms.length),
    },
  };
}

/** The same people drawn: nothing has to move. */
export function sameCast(one: Cast | null, other: Cast): boolean {
  const ids = ({ taverns, apps, rooms, more }: Cast): string =>
    JSON.stringify([[...taverns, ...apps, ...rooms].map(({ id, name, online }) => [id, name, online]), more]);
  return one !== null && ids(one) === ids(other);
}

function online({ id, name }: { id: string; name: string }): Listed {
  return { id, name, online: true };
}
