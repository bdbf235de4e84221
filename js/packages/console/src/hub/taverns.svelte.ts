/** The connected SillyTaverns, as the hub reports them. */

import type { Hub, TavernInfo } from "@tavernlink/client";

export class Taverns {
  list = $state.raw<TavernInfo[]>([]);
  loaded = $state(false);

  constructor(private readonly hub: Hub) {
    hub.on("tavern.changed", ({ tavern }) => {
      const others = this.list.filter((each) => each.tavern_id !== tavern.tavern_id);
      const known = this.list.findIndex((each) => each.tavern_id === tavern.tavern_id);
      this.list = known < 0 ? [...others, tavern] : this.list.with(known, tavern);
    });
  }

  async load(): Promise<void> {
    this.list = await this.hub.request("tavern.list", {});
    this.loaded = true;
  }

  find(id: string): TavernInfo | undefined {
    return this.list.find((each) => each.tavern_id === id);
  }

  /** The one to show where none is named: the first that is online. */
  get first(): TavernInfo | undefined {
    return this.list.find((each) => each.online) ?? this.list[0];
  }
}
