/** SillyTaverns that show a code and wait for somebody to approve it; for admins only. */

import type { Hub, PairingInfo } from "@tavernlink/client";

export class Pairings {
  waiting = $state.raw<PairingInfo[]>([]);
  /** True once somebody asked while this page was open. */
  asked = $state(false);

  constructor(private readonly hub: Hub) {
    hub.on("pairing.changed", ({ waiting }) => {
      this.take(waiting);
    });
  }

  async load(): Promise<void> {
    this.take(await this.hub.request("pairing.list", {}));
  }

  private take(waiting: PairingInfo[]): void {
    this.waiting = waiting;
    if (waiting.length > 0) this.asked = true;
  }
}
