/** Tabs that run without a screen, as their keepers (`tavernlink tab`) tell of them: by functions of theirs. */

import type { FunctionInfo, Hub } from "@tavernlink/client";

/** What waits for an answer in a tab. */
export interface Dialog {
  id: string;
  kind: string;
  text: string;
  answers: string[];
  asks_text: boolean;
  opened: number;
}

/** Result of `tab.list`; docs/guide/tab.md has every field. */
export interface Tab {
  tab: string;
  tavern: string | null;
  url: string;
  account: string | null;
  character: string | null;
  state: "opening" | "online" | "offline" | "blocked_by_dialog" | "waiting" | "stopped" | "closed";
  reason: string | null;
  since: number;
  uptime: number | null;
  memory: number | null;
  memory_limit: number | null;
  restarts: number;
  last_restart: { at: number; why: string } | null;
  dialogs: Dialog[];
}

interface Screenshot {
  taken: number;
  width: number;
  height: number;
  image: { mime: string; data: string };
}

const LIST = "tab.list";

/** One tab with the last picture of it. */
export class KeptTab {
  info: Tab;
  picture = $state.raw<{ url: string; taken: number; width: number; height: number } | null>(null);
  busy = $state<"" | "picture" | "restart" | "answer">("");
  error = $state.raw<unknown>(null);

  constructor(
    private readonly hub: Hub,
    readonly provider: string,
    info: Tab,
    private readonly offered: ReadonlySet<string>,
  ) {
    this.info = $state.raw(info);
  }

  get key(): string {
    return `${this.provider}/${this.info.tab}`;
  }

  get canRestart(): boolean {
    return this.offered.has("tab.restart");
  }

  get canAnswer(): boolean {
    return this.offered.has("tab.answer");
  }

  async look(): Promise<void> {
    await this.attempt("picture", async () => {
      const shot = (await this.call("tab.screenshot", { width: 800 })) as Screenshot;
      const { taken, width, height, image } = shot;
      this.picture = { url: `data:${image.mime};base64,${image.data}`, taken, width, height };
    });
  }

  async restart(): Promise<void> {
    await this.attempt("restart", async () => {
      this.info = (await this.call("tab.restart", {})) as Tab;
    });
    await this.look();
  }

  async answer(dialog: string, answer: string, text: string | null): Promise<void> {
    await this.attempt("answer", async () => {
      const said = text === null ? { dialog, answer } : { dialog, answer, text };
      this.info = (await this.call("tab.answer", said)) as Tab;
    });
    await this.look();
  }

  private call(name: string, args: Record<string, unknown>): Promise<unknown> {
    return this.hub.call(`${this.provider}/${name}`, { tab: this.info.tab, ...args });
  }

  private async attempt(busy: KeptTab["busy"], work: () => Promise<void>): Promise<void> {
    this.busy = busy;
    this.error = null;
    try {
      await work();
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = "";
    }
  }
}

export class Keepers {
  tabs = $state.raw<readonly KeptTab[]>([]);
  loaded = $state(false);
  private readonly undo: (() => void)[];
  private again: Promise<void> = Promise.resolve();

  constructor(
    private readonly hub: Hub,
    private readonly failed: (error: unknown) => void,
  ) {
    const load = (): void => void this.load();
    this.undo = [
      hub.on("functions.changed", ({ functions = [], removed = [] }) => {
        if (
          [...removed, ...functions.map(({ address }) => address)].some((each) => each.endsWith(`/${LIST}`))
        )
          load();
      }),
      // A tab that came, went or changed what it does is most often one of theirs.
      hub.on("tavern.changed", ({ tavern }) => {
        const mine = this.tabs.find(({ info }) => info.tavern === tavern.tavern_id);
        if (mine === undefined ? this.tabs.length > 0 : (mine.info.state === "online") !== tavern.online)
          load();
      }),
    ];
  }

  /** One after another: what is asked last is what is shown. */
  load(): Promise<void> {
    this.again = this.again.then(() => this.fetch()).catch(this.failed);
    return this.again;
  }

  close(): void {
    for (const off of this.undo) off();
  }

  private async fetch(): Promise<void> {
    await this.hub.request("subscribe", { types: ["functions.changed"], tavern: "*" });
    const functions = await this.hub.functions();
    const keepers = functions.filter(({ name, provider }) => name === LIST && provider.online);
    const lists = await Promise.all(keepers.map((each) => this.tabsOf(each, functions)));
    this.tabs = lists.flat();
    this.loaded = true;
    await Promise.all(this.tabs.filter(({ picture }) => picture === null).map((each) => each.look()));
  }

  private async tabsOf(keeper: FunctionInfo, functions: readonly FunctionInfo[]): Promise<KeptTab[]> {
    const provider = keeper.address.slice(0, -LIST.length - 1);
    const offered = new Set(
      functions.filter(({ address }) => address.startsWith(`${provider}/`)).map(({ name }) => name),
    );
    const found = (await this.hub.call(keeper.address).catch((error: unknown) => {
      this.failed(error);
      return [];
    })) as Tab[];
    return found.map((info) => {
      const known = this.tabs.find((each) => each.provider === provider && each.info.tab === info.tab);
      if (known === undefined) return new KeptTab(this.hub, provider, info, offered);
      known.info = info;
      return known;
    });
  }
}
