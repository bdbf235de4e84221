/** How much text comes in: deltas counted per second over the last two minutes. */

import type { Hub } from "@tavernlink/client";

export const SECONDS = 120;

export class Tokens {
  /** Deltas of each second, oldest first. */
  perSecond = $state.raw<number[]>(new Array<number>(SECONDS).fill(0));
  private count = 0;
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(hub: Pick<Hub, "on">) {
    hub.on("stream.delta", () => {
      this.count += 1;
    });
    this.timer = setInterval(() => {
      this.perSecond = [...this.perSecond.slice(1), this.count];
      this.count = 0;
    }, 1_000);
  }

  get now(): number {
    return this.perSecond.at(-1) ?? 0;
  }

  get highest(): number {
    return Math.max(...this.perSecond);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
