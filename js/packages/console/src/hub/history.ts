/** The last two minutes of the hub's figures, and the errors that it told of last. Plain data. */

import type { Stats, StatsError } from "@tavernlink/client";

export const SECONDS = 120;

/** A figure of each second, oldest first; null: nothing was measured. */
export type Series = readonly (number | null)[];

export interface History {
  readonly now: Stats | null;
  readonly errors: readonly StatsError[];
  readonly tokens: Series;
  /** Milliseconds. */
  readonly p50: Series;
  readonly p99: Series;
}

const nothing: Series = new Array<null>(SECONDS).fill(null);

export const EMPTY: History = { now: null, errors: [], tokens: nothing, p50: nothing, p99: nothing };

/** What was asked for once. */
export function begun(history: History, stats: Stats): History {
  return { ...history, now: stats, errors: stats.errors ?? history.errors };
}

/** One more second. */
export function continued(history: History, stats: Stats): History {
  return {
    ...begun(history, stats),
    tokens: shifted(history.tokens, stats.tokens),
    p50: shifted(history.p50, stats.delivery?.p50 ?? null),
    p99: shifted(history.p99, stats.delivery?.p99 ?? null),
  };
}

/** The same series with one more second, without the oldest. */
export function shifted(series: Series, next: number | null): Series {
  return [...series.slice(1), next];
}
