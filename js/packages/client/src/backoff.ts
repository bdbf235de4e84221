/**
 * How long to wait before the next try: exponential with full jitter above a floor, without end.
 *
 * The limits come from the hub's `welcome`, so that a hub that restarts is not hit by all its peers at once.
 */

export interface BackoffLimits {
  /** First delay, in seconds. */
  min: number;
  /** Longest delay, in seconds. */
  max: number;
}

const GROWTH = 1.7;

export class Backoff {
  limits: BackoffLimits = { min: 0.5, max: 15 };
  private tries = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** Milliseconds until the next try: between half of the step and the whole step. */
  next(): number {
    const min = Math.max(0.05, this.limits.min);
    const step = Math.min(Math.max(min, this.limits.max), min * GROWTH ** this.tries);
    this.tries = Math.min(this.tries + 1, 50);
    return Math.round(1000 * step * (0.5 + this.random() / 2));
  }

  /** A connection stood: start from the first delay again. */
  reset(): void {
    this.tries = 0;
  }
}
