/**
 * The line to the hub: one socket.io-client socket at a time, a session that outlives it, tries without end.
 *
 * Above it stand `hub.ts` (apps) and the SillyTavern extension (taverns); below it socket.io-client. What this module
 * guarantees: every event that was accepted by `send` reaches the hub once and in order, unless the session ends, in
 * which case `session` with `resumed: false` asks for fresh snapshots. It owns a single timer (background tabs are
 * throttled): the limit of a try, or the wait for the next one.
 */

import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";

import { parseAddress } from "./address.js";
import { Backoff } from "./backoff.js";
import { Emitter } from "./emitter.js";
import {
  PROTOCOL_VERSION,
  type Auth,
  type Closing,
  type CommandDone,
  type Confirm,
  type Messages,
  type Outcome,
  type TavernSends,
  type Versions,
  type Welcome,
} from "./generated/protocol.js";
import { TavernlinkError } from "./errors.js";
import { Outbox, type Entry, type OutboxLimits } from "./outbox.js";
import { Session } from "./session.js";
import { isFinal, type ConnectionState } from "./state.js";

export interface ConnectionOptions {
  url: string;
  key: string;
  role: "tavern" | "app";
  name?: string;
  /** Our own stable id; the hub makes one where it is absent. */
  id?: string;
  versions?: Versions;
  /** A tavern's promise to send `commands.known` at the beginning of each new session. */
  reports?: boolean;
  /** From a tavern: the commands of the catalogue that it can do. */
  commands?: string[];
  outbox?: OutboxLimits;
  /** Another connection took our id over: the id to go on with. Absent: the connection ends as refused. */
  onReplaced?: () => string | undefined;
  /** What went wrong without ending anything. */
  report?: (message: string, error?: unknown) => void;
  /** Further options of socket.io-client, e.g. `transports`. */
  socket?: Partial<ManagerOptions & SocketOptions>;
  /** Where sockets, randomness and time come from. */
  open?: (origin: string, options: Partial<ManagerOptions & SocketOptions>) => Socket;
  random?: () => number;
  now?: () => number;
}

export interface SessionStart {
  welcome: Welcome;
  /** False: the hub knows nothing of us; send snapshots. */
  resumed: boolean;
}

interface ConnectionEvents {
  state: ConnectionState;
  session: SessionStart;
  /** Every event, counted or not, after the connection took its own part of it. */
  event: { type: string; content: unknown };
}

/** Longest time from the start of a try to `welcome`, in milliseconds. */
const TRY_LIMIT = 30_000;

export class Connection {
  readonly session: Session;
  readonly outbox: Outbox;
  private readonly events: Emitter<ConnectionEvents>;
  private readonly messages: Emitter<Messages>;
  private readonly backoff: Backoff;
  private readonly now: () => number;
  private current: ConnectionState = { name: "idle" };
  private socket: Socket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closing: Closing | undefined;
  /** What to call for each unanswered ask when the line drops. */
  private readonly asking = new Set<() => void>();
  private id: string | undefined;

  constructor(private readonly options: ConnectionOptions) {
    this.now = options.now ?? Date.now;
    this.id = options.id;
    this.session = new Session(this.now);
    this.outbox = new Outbox(options.outbox);
    this.backoff = new Backoff(options.random);
    const report = (error: unknown): void => {
      this.report("A listener failed", error);
    };
    this.events = new Emitter(report);
    this.messages = new Emitter(report);
  }

  get state(): ConnectionState {
    return this.current;
  }

  on<Name extends keyof ConnectionEvents>(
    name: Name,
    listener: (value: ConnectionEvents[Name]) => void,
  ): () => void {
    return this.events.on(name, listener);
  }

  /** Listen to one type of message. Contents are the hub's own and taken at their word. */
  onMessage<Type extends keyof Messages>(
    type: Type,
    listener: (content: Messages[Type]) => void,
  ): () => void {
    return this.messages.on(type, listener);
  }

  start(): void {
    if (this.current.name === "connecting" || this.current.name === "online") return;
    this.open();
  }

  /** End the connection and forget the session. */
  stop(): void {
    this.socket?.disconnect();
    this.drop();
    this.session.forget();
    this.outbox.clear();
    this.backoff.reset();
    this.enter({ name: "idle" });
  }

  /** Hang up and call again, e.g. after the network changed. The session goes on. */
  renewLine(): void {
    if (this.current.name === "online") this.wait("disconnected", "The line is being renewed.");
  }

  /** Do not wait for the timer: the network is back, or the page is looked at again. */
  retryNow(): void {
    if (this.current.name === "waiting") this.open();
  }

  /**
   * Tavern → hub. Accepted while a session lives, online or not; kept until the hub has confirmed it.
   * Returns false where there is no session to send it in (its owner sends snapshots when there is one).
   */
  send<Type extends TavernSends>(type: Type, content: Messages[Type]): boolean {
    if (!this.session.alive) {
      if (this.session.id !== undefined) this.giveUp();
      if (type !== "command.done" || this.current.name === "idle") return false;
    }
    const fitting = this.fit(type, content);
    if (fitting === undefined) return false;
    this.outbox.push(type, fitting);
    if (this.current.name === "online") this.outbox.flush(this.write);
    if (this.outbox.overflowed) this.overflow();
    return true;
  }

  /** App → hub with an ack. Rejects with `disconnected` when the line drops first; what was asked may have been done. */
  ask(type: string, content: unknown): Promise<Outcome> {
    const socket = this.socket;
    if (this.current.name !== "online" || socket === undefined) {
      return Promise.reject(new TavernlinkError("disconnected", "There is no connection to the hub now."));
    }
    return new Promise((resolve, reject) => {
      const lost = (): void => {
        reject(new TavernlinkError("disconnected", "The connection to the hub was lost before it answered."));
      };
      this.asking.add(lost);
      socket.emit(type, content, (outcome: Outcome) => {
        this.asking.delete(lost);
        resolve(outcome);
      });
    });
  }

  private readonly write = (entry: Entry): void => {
    this.socket?.emit(entry.type, entry.content);
  };

  private open(): void {
    this.drop();
    let address;
    try {
      address = parseAddress(this.options.url);
    } catch (error) {
      const { code, message } = error as TavernlinkError;
      this.enter({ name: "refused", code, message });
      return;
    }
    this.enter({ name: "connecting" });
    const socket = (this.options.open ?? io)(address.origin, {
      ...this.options.socket,
      path: address.path,
      forceNew: true,
      reconnection: false,
      auth: this.auth(),
    });
    this.socket = socket;
    socket.onAny((type: string, content: unknown) => {
      if (socket === this.socket) this.receive(type, content);
    });
    socket.on("connect_error", (error: Error & { data?: unknown }) => {
      if (socket === this.socket) this.failed(error);
    });
    socket.on("disconnect", (reason) => {
      if (socket === this.socket) this.lost(reason);
    });
    this.timer = setTimeout(() => {
      this.wait("timeout", "The hub did not answer in time.");
    }, TRY_LIMIT);
  }

  private auth(): Auth {
    const { key, role, name, versions, reports, commands } = this.options;
    const resume = this.session.resume();
    return {
      key,
      role,
      protocol: PROTOCOL_VERSION,
      ...(name === undefined ? {} : { name }),
      ...(this.id === undefined ? {} : { id: this.id }),
      ...(versions === undefined ? {} : { versions }),
      ...(reports === undefined ? {} : { reports }),
      ...(commands === undefined ? {} : { commands }),
      ...(resume === undefined ? {} : { resume }),
    };
  }

  private receive(type: string, content: unknown): void {
    const confirm = this.session.receive(type);
    if (confirm !== undefined) this.socket?.emit("confirm", { count: confirm } satisfies Confirm);
    if (type === "welcome") this.welcome(content as Welcome);
    else if (type === "confirm") this.outbox.confirm((content as Confirm).count);
    else if (type === "closing") this.closing = content as Closing;
    this.messages.emit(type as keyof Messages, content as never);
    this.events.emit("event", { type, content });
  }

  private welcome(welcome: Welcome): void {
    this.clearTimer();
    this.id = welcome.id;
    const resumed = this.session.welcome(welcome);
    const { reconnect_min, reconnect_max } = this.session.limits;
    this.backoff.limits = { min: reconnect_min, max: reconnect_max };
    this.backoff.reset();
    if (resumed) this.outbox.resume(welcome.count);
    else this.outbox.restart();
    this.enter({ name: "online", welcome });
    this.outbox.flush(this.write);
    this.events.emit("session", { welcome, resumed });
  }

  private failed(error: Error & { data?: unknown }): void {
    const data = error.data as Partial<Closing> | undefined;
    if (typeof data?.code === "string") {
      this.ended(data.code, data.message ?? data.code);
    } else {
      this.wait(
        "unreachable",
        `The hub cannot be reached (${error.message}). Is it running, and is the address right?`,
      );
    }
  }

  private lost(reason: string): void {
    const closing = this.closing;
    if (closing === undefined) this.wait("disconnected", `The connection was lost (${reason}).`);
    else this.ended(closing.code, closing.message);
  }

  /** The hub itself ended it, and said why. */
  private ended(code: string, message: string): void {
    if (code === "replaced") {
      const id = this.options.onReplaced?.();
      if (id !== undefined) {
        this.id = id;
        this.session.forget();
        this.outbox.restart();
        this.wait(code, message);
        return;
      }
    }
    if (!isFinal(code)) {
      this.wait(code, message);
      return;
    }
    this.drop();
    this.session.forget();
    this.outbox.clear();
    this.enter({ name: "refused", code, message });
  }

  private wait(code: string, message: string): void {
    this.drop();
    this.session.lost();
    const delay = this.backoff.next();
    this.timer = setTimeout(() => {
      this.open();
    }, delay);
    this.enter({ name: "waiting", retryAt: this.now() + delay, code, message });
  }

  /** Let go of the socket without a word to anybody: a goodbye would end the session. */
  private drop(): void {
    this.clearTimer();
    const socket = this.socket;
    this.socket = undefined;
    this.closing = undefined;
    if (socket === undefined) return;
    // Told to whoever asked over this line, while the socket's own state events are no longer ours.
    for (const lost of this.asking) lost();
    this.asking.clear();
    socket.removeAllListeners();
    socket.offAny();
    socket.io.engine.close();
  }

  private overflow(): void {
    this.report(
      `The hub did not keep up: ${this.outbox.length} events are unconfirmed. A new session starts.`,
    );
    this.giveUp();
    if (this.current.name === "online") this.wait("slow_consumer", "The hub did not confirm in time.");
  }

  private giveUp(): void {
    this.session.forget();
    this.outbox.restart();
  }

  /** What the hub would refuse for its size would be sent for ever: keep it out, or say so in its place. */
  private fit<Type extends TavernSends>(type: Type, content: Messages[Type]): Messages[Type] | undefined {
    const { max_payload: limit } = this.session.limits;
    if (type === "stream.delta" || !isLarger(content, limit - 200)) return content;
    const message = `“${type}” is larger than the hub allows (${limit} bytes).`;
    this.report(message);
    if (type !== "command.done") return undefined;
    const { request_id } = content as CommandDone;
    return {
      request_id,
      ok: false,
      error: { code: "too_large", message },
    } satisfies CommandDone as Messages[Type];
  }

  private enter(state: ConnectionState): void {
    this.current = state;
    this.events.emit("state", state);
  }

  private clearTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private report(message: string, error?: unknown): void {
    this.options.report?.(message, error);
  }
}

function isLarger(content: unknown, limit: number): boolean {
  const json = JSON.stringify(content);
  if (json.length > limit) return true;
  if (json.length * 3 <= limit) return false;
  return new TextEncoder().encode(json).length > limit;
}
