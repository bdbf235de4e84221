/** The order of routing rules: what has to change so that one stands elsewhere. */

import type { Route, RouteInfo } from "@tavernlink/client";

const STEP = 10;

/** A rule's place among the others; rules are tried from the smallest on, 0 where none is given. */
export const orderOf = (route: Route): number => route.order ?? 0;

/**
 * The rules to put so that the one at `from` stands at `to`, each with its new order; empty: nothing changes; null:
 * rules of the settings file, which stay where they are, leave no room there.
 */
export function moved(rules: readonly RouteInfo[], from: number, to: number): Route[] | null {
  const rule = rules[from];
  if (rule === undefined || from === to || to < 0 || to >= rules.length) return [];
  if (rule.origin === "settings") return null;
  const wanted = rules.toSpliced(from, 1).toSpliced(to, 0, rule);
  // Between two rules of the settings lies a stretch of ours; the ones of the settings go first among equals.
  let first = to;
  while (first > 0 && wanted[first - 1]?.origin === "api") first -= 1;
  let end = to + 1;
  while (end < wanted.length && wanted[end]?.origin === "api") end += 1;
  const below = first > 0 ? orderOf(at(wanted, first - 1).route) : null;
  const above = end < wanted.length ? orderOf(at(wanted, end).route) : null;
  const alone = between(
    to > first ? orderOf(at(wanted, to - 1).route) + 1 : below,
    to + 1 < end ? orderOf(at(wanted, to + 1).route) : above,
  );
  if (alone !== null && isRising(wanted.slice(first, end), to - first)) {
    return orderOf(rule.route) === alone ? [] : [{ ...rule.route, order: alone }];
  }
  const stretch = wanted.slice(first, end);
  const orders = spread(stretch.length, below, above);
  if (orders === null) return null;
  return stretch
    .map(({ route }, place) => ({ ...route, order: at(orders, place) }))
    .filter((route, place) => route.order !== orderOf(at(stretch, place).route));
}

function at<Item>(list: readonly Item[], place: number): Item {
  const found = list[place];
  if (found === undefined) throw new RangeError(`There is nothing at ${String(place)}.`);
  return found;
}

/** True if the orders of the others already grow. */
function isRising(rules: readonly RouteInfo[], without: number): boolean {
  const others = rules.filter((_, at) => at !== without).map(({ route }) => orderOf(route));
  return others.every((order, place) => place === 0 || order > at(others, place - 1));
}

/** A number from `least` on and below `limit`; null where there is none. */
function between(least: number | null, limit: number | null): number | null {
  if (least === null) return limit === null ? 0 : limit - STEP;
  if (limit === null) return least + STEP - 1;
  return least < limit ? least + Math.floor((limit - least) / 2) : null;
}

/** So many growing numbers from `least` on and below `limit`. */
function spread(count: number, least: number | null, limit: number | null): number[] | null {
  const start = least ?? (limit === null ? STEP : limit - count * STEP);
  const step = limit === null ? STEP : Math.min(STEP, Math.floor((limit - start) / count));
  return step < 1 ? null : Array.from({ length: count }, (_, at) => start + at * step);
}
