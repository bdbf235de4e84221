/** Every function that this key may call, kept up to date by the hub. */

import type { FunctionInfo, Hub } from "@tavernlink/client";

import { toldBy } from "./problems.svelte.js";

export class Functions {
  list = $state.raw<FunctionInfo[]>([]);
  loaded = $state(false);
  private readonly off: () => void;

  constructor(private readonly hub: Hub) {
    this.off = hub.on("functions.changed", ({ functions = [], removed = [] }) => {
      const gone = new Set([...removed, ...functions.map(({ address }) => address)]);
      this.take([...this.list.filter(({ address }) => !gone.has(address)), ...functions]);
    });
  }

  async load(): Promise<void> {
    await this.hub.subscribe(["functions.changed"], { tavern: "*" });
    this.take(await this.hub.request("function.list", { commands: true }));
    this.loaded = true;
  }

  close(): void {
    this.off();
  }

  private take(found: FunctionInfo[]): void {
    this.list = found.sort((a, b) => a.address.localeCompare(b.address));
  }
}

/** One call of a function from this page. The result comes as an event: an ack would be lost with the line. */
export class Call {
  state = $state<"idle" | "running" | "done" | "failed">("idle");
  /** Between 0 and 1, where the function says of how much. */
  share = $state<number | null>(null);
  told = $state("");
  result = $state.raw<unknown>(null);
  error = $state.raw<{ code: string; message: string } | null>(null);
  private id = "";
  private readonly offs: (() => void)[];

  constructor(private readonly hub: Hub) {
    this.offs = [
      hub.on("function.progress", ({ call_id, progress, total, message }) => {
        if (call_id !== this.id) return;
        this.share =
          total !== undefined && total !== null && total > 0 ? Math.min(1, progress / total) : null;
        this.told = message ?? "";
      }),
      hub.on("function.result", ({ call_id, ok, result, error }) => {
        if (call_id !== this.id) return;
        if (ok) this.result = result ?? null;
        else this.error = error ?? { code: "internal", message: "" };
        this.state = ok ? "done" : "failed";
      }),
    ];
  }

  async run(address: string, args: Record<string, unknown>): Promise<void> {
    this.id = `console-${crypto.getRandomValues(new Uint32Array(3)).join("-")}`;
    this.state = "running";
    this.share = this.error = this.result = null;
    this.told = "";
    try {
      await this.hub.request("function.call", { name: address, args, call_id: this.id });
    } catch (error) {
      this.error = toldBy(error);
      this.state = "failed";
    }
  }

  async cancel(): Promise<void> {
    await this.hub.request("function.cancel", { call_id: this.id });
  }

  close(): void {
    for (const off of this.offs) off();
  }
}
