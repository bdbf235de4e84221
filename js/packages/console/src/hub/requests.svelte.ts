/** What is asked of the SillyTaverns and was lately: of this key, or for an admin of every key. Told by the hub. */

import type { Hub, RequestInfo } from "@tavernlink/client";

import { finished, merged, open, pruned } from "./request-list.js";

export class Requests {
  loaded = $state(false);
  /** Seconds since 1970 by the hub's clock, on every second: for ages, which nobody needs to be told of. */
  now = $state(0);
  private list = $state.raw<readonly RequestInfo[]>([]);
  private ahead = 0;
  private missed: RequestInfo[] = [];
  private readonly undo: (() => void)[];
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(
    private readonly hub: Hub,
    private readonly failed: (error: unknown) => void,
  ) {
    this.tick();
    this.timer = setInterval(() => {
      this.tick();
    }, 1_000);
    this.undo = [
      hub.on("request.changed", ({ request }) => {
        // The two clocks may differ: the hub's is never behind what it has told.
        this.ahead = Math.max(this.ahead, (request.finished ?? request.started ?? request.asked) - local());
        if (this.loaded) this.list = merged(this.list, request);
        else this.missed.push(request);
      }),
      hub.connection.on("session", ({ resumed }) => {
        if (!resumed) void this.load();
      }),
    ];
  }

  get open(): RequestInfo[] {
    return open(this.list);
  }

  get finished(): RequestInfo[] {
    return finished(this.list, this.now);
  }

  async load(): Promise<void> {
    try {
      this.loaded = false;
      await this.hub.request("subscribe", { types: ["request.changed"], tavern: "*" });
      const found = await this.hub.request("request.list", { open: false, limit: 300 });
      // What was told meanwhile is newer than the list, or the same.
      this.list = this.missed.reduce<readonly RequestInfo[]>(merged, found);
      this.missed = [];
      this.loaded = true;
      this.tick();
    } catch (error) {
      this.failed(error);
    }
  }

  async cancel({ request_id }: RequestInfo): Promise<void> {
    try {
      await this.hub.request("request.cancel", { request_id });
    } catch (error) {
      this.failed(error);
    }
  }

  close(): void {
    clearInterval(this.timer);
    for (const off of this.undo) off();
    void this.hub.request("unsubscribe", { types: ["request.changed"], tavern: "*" }).catch(() => undefined);
  }

  private tick(): void {
    this.now = local() + this.ahead;
    if (this.list.length > 0) this.list = pruned(this.list, this.now);
  }
}

function local(): number {
  return Date.now() / 1_000;
}
