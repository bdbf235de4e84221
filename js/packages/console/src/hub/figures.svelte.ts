/** The hub's figures, as it tells them once a second. */

import type { Hub, Stats, StatsError } from "@tavernlink/client";

import { begun, continued, EMPTY, type History } from "./history.js";

export class Figures {
  history = $state.raw<History>(EMPTY);
  private readonly off: () => void;

  constructor(private readonly hub: Pick<Hub, "on" | "request" | "subscribe">) {
    this.off = hub.on("stats.changed", ({ stats }) => {
      this.history = continued(this.history, stats);
    });
  }

  get now(): Stats | null {
    return this.history.now;
  }

  get errors(): readonly StatsError[] {
    return this.history.errors;
  }

  /** Ask once; what follows comes by itself. */
  async load(): Promise<void> {
    this.history = begun(this.history, await this.hub.request("stats.get", {}));
  }

  async follow(): Promise<void> {
    await this.hub.subscribe(["stats.changed"], { tavern: "*" });
  }

  close(): void {
    this.off();
  }
}
