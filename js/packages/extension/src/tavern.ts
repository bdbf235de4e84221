/**
 * This tab as a tavern: the connection to the hub, and what is said over it. Made anew for each press of Connect.
 *
 * What follows a `welcome` is decided here. A session that goes on needs nothing. A new one gets everything again: the
 * commands that are known here, streams that run, state, characters, chat.
 */

import {
  Connection,
  type Command,
  onCustom,
  TavernlinkError,
  type ConnectionOptions,
  type ConnectionState,
  type Messages,
  type Outcome,
  type ProfileChanged,
  type ReceivedMessage,
} from "@tavernlink/client";

import type { Log } from "./log.js";
import type { Outlet } from "./outlet.js";
import type { FunctionEvents } from "./tools/open.js";

/** What has to be told again to a hub that knows nothing of us. */
export interface SessionParts {
  restart(): void;
  receiveCommand(command: Command): void;
  receiveCancel(requestId: string): void;
  receiveWanted(names: readonly string[]): void;
  receiveProfile(changed: ProfileChanged): void;
  receiveFunction<Type extends keyof FunctionEvents>(type: Type, content: FunctionEvents[Type]): void;
  receiveMessage(message: ReceivedMessage): void;
}

/** Characters that may wait for the hub's confirmation before large messages wait too. */
const ROOM = 16_000_000;
const OUTBOX = { entries: 20_000, size: 2 * ROOM };

export class TavernLine implements Outlet {
  private connection: Connection | undefined;
  private readonly listeners = new Set<(state: ConnectionState) => void>();
  private readonly heard: ((connection: Connection) => void)[] = [];

  constructor(
    private readonly parts: SessionParts,
    private readonly log: Log,
  ) {}

  get state(): ConnectionState {
    return this.connection?.state ?? { name: "idle" };
  }

  get maxPayload(): number {
    return this.connection?.session.limits.max_payload ?? 1_000_000;
  }

  /** Returns the function that stops it. */
  onState(listener: (state: ConnectionState) => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Hear one type of message, over this connection and all that follow. */
  hear<Type extends keyof Messages>(type: Type, listener: (content: Messages[Type]) => void): void {
    this.heard.push((connection) => connection.onMessage(type, listener));
  }

  connect(options: Omit<ConnectionOptions, "role" | "outbox" | "report">): void {
    this.connection?.stop();
    const connection = new Connection({
      ...options,
      role: "tavern",
      reports: true,
      outbox: OUTBOX,
      report: (message, error) => {
        this.log.add("error", message, error);
      },
    });
    this.connection = connection;
    connection.on("state", (state) => {
      if (connection !== this.connection) return;
      this.logState(state);
      for (const listener of this.listeners) listener(state);
    });
    connection.on("session", ({ resumed }) => {
      this.log.add("info", resumed ? "The session goes on" : "A new session");
      if (!resumed) this.parts.restart();
    });
    // It comes with a session that is new, and which everything is being told to anyway.
    connection.onMessage("resync", ({ reason }) => {
      this.log.add("warning", `The session of before is gone (${reason ?? "no reason given"})`);
    });
    connection.onMessage("command", (command) => {
      this.parts.receiveCommand(command);
    });
    connection.onMessage("command.cancel", ({ request_id }) => {
      this.parts.receiveCancel(request_id);
    });
    connection.onMessage("events.wanted", ({ names }) => {
      this.parts.receiveWanted(names);
    });
    connection.onMessage("profile.changed", (changed) => {
      this.parts.receiveProfile(changed);
    });
    const hearFunction = (type: keyof FunctionEvents): void => {
      connection.onMessage(type, (content) => {
        this.parts.receiveFunction(type, content);
      });
    };
    hearFunction("function.invoke");
    hearFunction("function.cancel");
    hearFunction("function.result");
    hearFunction("function.progress");
    hearFunction("functions.changed");
    for (const hear of this.heard) hear(connection);
    connection.on("event", ({ type }) => {
      this.log.add("debug", `← ${type}`);
    });
    onCustom(connection, "x.*", (message) => {
      this.parts.receiveMessage(message);
    });
    connection.start();
  }

  disconnect(): void {
    this.connection?.stop();
    this.parts.receiveWanted([]);
  }

  /** The page is looked at, or the network is back: do not wait for a throttled timer. */
  retryNow(): void {
    this.connection?.retryNow();
  }

  send: Outlet["send"] = (type, content) => {
    this.log.add("debug", `→ ${type}`);
    return this.connection?.send(type, content) ?? false;
  };

  /** Ask the hub for something. A lost line is an outcome too: what was asked may have been done. */
  async ask<Type extends keyof Messages>(type: Type, content: Messages[Type]): Promise<Outcome> {
    this.log.add("debug", `→ ${type}`);
    try {
      if (this.connection === undefined) throw new TavernlinkError("disconnected", "There is no hub.");
      return await this.connection.ask(type, content);
    } catch (error) {
      const { code, message } = error as TavernlinkError;
      return { ok: false, error: { code, message } };
    }
  }

  async room(): Promise<void> {
    if (this.connection !== undefined) await roomIn(this.connection);
  }

  private logState(state: ConnectionState): void {
    if (state.name === "online") {
      const { welcome } = state;
      this.log.add(
        "info",
        `Connected as ${welcome.id} to hub ${welcome.hub.version} (session ${welcome.session})`,
      );
    } else if (state.name === "waiting" || state.name === "refused") {
      this.log.add("warning", `${state.name}: ${state.code}: ${state.message}`);
    } else {
      this.log.add("info", state.name);
    }
  }
}

/** Resolves when the outbox has room, and when the line is down: then nothing large is sent anyway. */
function roomIn(connection: Connection): Promise<void> {
  return new Promise((resolve) => {
    const full = (): boolean => connection.state.name === "online" && connection.outbox.size >= ROOM;
    if (!full()) {
      resolve();
      return;
    }
    const offs = [connection.onMessage("confirm", look), connection.on("state", look)];
    function look(): void {
      if (full()) return;
      for (const off of offs) off();
      resolve();
    }
  });
}
