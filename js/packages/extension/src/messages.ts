/**
 * What other extensions and scripts of this page say to the hub's peers, and hear from them: `globalThis.tavernlink`.
 *
 *     await tavernlink.send("x.mood", { mood: "merry" }, "Discord bot");
 *     const stop = tavernlink.on("x.dice.*", ({ content, from }) => { … });
 *
 * Listeners outlive connections: whoever listens once hears over every connection that is made later.
 */

import {
  customMessage,
  isCustom,
  matcher,
  TavernlinkError,
  type ConnectionState,
  type CustomType,
  type Outcome,
  type ReceivedMessage,
  type Sent,
  type To,
} from "@tavernlink/client";

type Listener = (message: ReceivedMessage) => void;

/** What is needed of the line to the hub. */
export interface MessageLine {
  readonly state: ConnectionState;
  onState(listener: (state: ConnectionState) => void): void;
  ask(type: "x.message", content: ReturnType<typeof customMessage>): Promise<Outcome>;
}

export class Messages {
  private readonly listeners = new Map<symbol, { wants: (type: string) => boolean; listener: Listener }>();
  private waiting: (() => void)[] = [];

  constructor(
    private readonly line: MessageLine,
    private readonly report: (error: unknown) => void,
  ) {
    line.onState((state) => {
      if (state.name === "connecting" || state.name === "waiting") return;
      const woken = this.waiting;
      this.waiting = [];
      for (const wake of woken) wake();
    });
  }

  /**
   * Send to a peer by id or name, several, `"*"` for everybody, or a target such as `{ room: "table" }`. While the
   * line is down it waits for it; throws an `Error` with a `code` where the hub refuses, or no hub is connected to.
   */
  readonly send = async (type: CustomType, content: unknown, to: To): Promise<Sent> => {
    if (!isCustom(type))
      throw new TavernlinkError("unknown_type", `“${String(type)}” does not begin with “x.”.`);
    const message = customMessage(content, to);
    for (;;) {
      await this.online();
      const outcome = await this.line.ask(type as "x.message", message);
      if (outcome.ok) return outcome.result as Sent;
      if (outcome.error.code !== "disconnected") throw TavernlinkError.from(outcome.error);
    }
  };

  /** Hear a type or a glob such as `x.dice.*`. Returns the function that stops listening. */
  readonly on = (types: CustomType, listener: Listener): (() => void) => {
    const key = Symbol(types);
    this.listeners.set(key, { wants: matcher(types), listener });
    return () => {
      this.listeners.delete(key);
    };
  };

  receive(message: ReceivedMessage): void {
    for (const { wants, listener } of [...this.listeners.values()]) {
      if (!wants(message.type)) continue;
      try {
        listener(message);
      } catch (error) {
        this.report(error);
      }
    }
  }

  private async online(): Promise<void> {
    for (;;) {
      const { state } = this.line;
      if (state.name === "online") return;
      if (state.name === "refused") throw new TavernlinkError(state.code, state.message);
      if (state.name === "idle")
        throw new TavernlinkError("disconnected", "Tavernlink is not connected to a hub.");
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }
}
