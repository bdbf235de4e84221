/**
 * The hub as an app talks to it: requests with outcomes, events, generations that survive a lost line.
 *
 *     const hub = await connect("http://127.0.0.1:8001", key);
 *     for await (const delta of hub.tavern().send("Hello!")) write(delta.text);
 *     hub.close();
 *
 * What is asked while the line is down waits for it; what was asked when it dropped is asked again under the same
 * `request_id`, so it is done once.
 */

import { Connection, type ConnectionOptions } from "./connection.js";
import {
  customMessage,
  isCustom,
  onCustom,
  type CustomType,
  type ReceivedMessage,
  type To,
} from "./custom.js";
import { TavernlinkError } from "./errors.js";
import { Functions, type CallOptions, type FunctionHandler } from "./functions.js";
import { Generation } from "./generation.js";
import { makeId } from "./ids.js";
import type {
  FunctionInfo,
  FunctionList,
  FunctionSpec,
  GenerationResult,
  Messages,
  RequestUpdate,
  Results,
  Sent,
  Subscribe,
} from "./generated/protocol.js";
import { Tavern } from "./tavern.js";

export type HubOptions = Omit<ConnectionOptions, "url" | "key" | "role">;

/** What an app may ask for, with an outcome. */
type Asks = Exclude<keyof Results, "hello">;

/** Resolves when the hub said `welcome`; rejects where the hub refuses. A hub that is not there yet is waited for. */
export async function connect(url: string, key: string, options: HubOptions = {}): Promise<Hub> {
  const hub = new Hub(new Connection({ ...options, url, key, role: "app" }));
  await hub.ready();
  return hub;
}

export class Hub {
  private readonly generations = new Map<string, Generation<unknown>>();
  private readonly streams = new Map<string, Generation<unknown>>();
  private readonly subscriptions: Subscribe[] = [];
  private readonly ownFunctions: Functions;

  constructor(readonly connection: Connection) {
    this.ownFunctions = new Functions(this);
    connection.onMessage("request.update", (update) => {
      this.receiveUpdate(update);
    });
    connection.onMessage("stream.start", (start) => {
      const generation = this.generations.get(start.request_id ?? "");
      if (generation !== undefined) this.streams.set(start.stream_id, generation);
    });
    connection.onMessage("stream.delta", (delta) => this.streams.get(delta.stream_id)?.receiveDelta(delta));
    connection.onMessage("stream.end", (end) => {
      this.streams.get(end.stream_id)?.receiveEnd(end);
      this.streams.delete(end.stream_id);
    });
    connection.on("session", ({ resumed }) => {
      if (!resumed) this.restore();
    });
    connection.on("state", (state) => {
      if (state.name === "refused") this.failAll(new TavernlinkError(state.code, state.message));
      else if (state.name === "idle") this.failAll(closed());
    });
    connection.start();
  }

  /** Listen to messages of programs' own types, e.g. `x.dice.*`; they come without `subscribe`. */
  on(types: CustomType, listener: (message: ReceivedMessage) => void): () => void;
  /** Listen to one type of message; ask for it with `subscribe`. Returns the function that stops listening. */
  on<Type extends keyof Messages>(type: Type, listener: (content: Messages[Type]) => void): () => void;
  on(type: string, listener: (content: never) => void): () => void {
    return isCustom(type)
      ? onCustom(this.connection, type, listener as (message: ReceivedMessage) => void)
      : this.connection.onMessage(type as keyof Messages, listener as (content: unknown) => void);
  }

  /**
   * Send a message of a type of your own to peers: an id or a name, several, `EVERYBODY`, or a target such as
   * `{ room: "table" }`. Gives whom it reached.
   */
  async send(type: CustomType, content: unknown, to: To): Promise<Sent> {
    return (await this.askFor(type, customMessage(content, to))) as Sent;
  }

  async subscribe(types: string[], where: Omit<Subscribe, "types"> = {}): Promise<void> {
    const content = { types, ...where };
    this.subscriptions.push(content);
    await this.request("subscribe", content);
  }

  /** Take back what the same words subscribed to. */
  async unsubscribe(types: string[], where: Omit<Subscribe, "types"> = {}): Promise<void> {
    const content = { types, ...where };
    const at = this.subscriptions.findIndex((each) => JSON.stringify(each) === JSON.stringify(content));
    if (at >= 0) this.subscriptions.splice(at, 1);
    await this.request("unsubscribe", content);
  }

  /** One tavern by id or name; without either, the default one. */
  tavern(idOrName?: string): Tavern {
    return new Tavern(this, idOrName);
  }

  /** Offer a function to whoever may call it; gives its address. It is there until this hub handle is closed. */
  registerFunction(spec: FunctionSpec, handler: FunctionHandler): Promise<string> {
    return this.ownFunctions.register(spec, handler);
  }

  /** Offer these functions no more, or none at all. */
  unregisterFunction(...names: string[]): Promise<void> {
    return this.ownFunctions.unregister(...names);
  }

  /** The functions that this key may call. */
  functions(query: FunctionList = {}): Promise<FunctionInfo[]> {
    return this.ownFunctions.list(query);
  }

  /** Call a function by its name or address; gives its result. Throws `TavernlinkError`. */
  call(name: string, args: Record<string, unknown> = {}, options: CallOptions = {}): Promise<unknown> {
    return this.ownFunctions.call(name, args, options);
  }

  /** Ask, and get the outcome's result. Throws `TavernlinkError` with the hub's code. */
  async request<Type extends Asks>(type: Type, content: Messages[Type]): Promise<Results[Type]> {
    return (await this.askFor(type, content)) as Results[Type];
  }

  private async askFor(type: string, content: unknown): Promise<unknown> {
    for (;;) {
      await this.ready();
      try {
        const outcome = await this.connection.ask(type, content);
        if (outcome.ok) return outcome.result;
        throw TavernlinkError.from(outcome.error);
      } catch (error) {
        if (!(error instanceof TavernlinkError) || error.code !== "disconnected") throw error;
      }
    }
  }

  /** Ask for something that becomes a request. */
  generation<Type extends "chat.send" | "generate" | "command.run", Result = GenerationResult>(
    type: Type,
    content: Messages[Type],
  ): Generation<Result> {
    const requestId = content.request_id ?? makeId();
    const generation = new Generation<Result>(requestId, async (id) => {
      await this.request("request.cancel", { request_id: id });
    });
    this.generations.set(requestId, generation);
    this.request(type, { ...content, request_id: requestId }).then(
      (accepted) => {
        generation.receiveAccepted(accepted.position);
      },
      (error: unknown) => {
        this.generations.delete(requestId);
        generation.fail(
          error instanceof TavernlinkError ? error : new TavernlinkError("internal", String(error)),
        );
      },
    );
    return generation;
  }

  /** Resolves when online; rejects when refused or closed. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): boolean => {
        const state = this.connection.state;
        if (state.name === "online") resolve();
        else if (state.name === "refused") reject(new TavernlinkError(state.code, state.message));
        else if (state.name === "idle") reject(closed());
        else return false;
        return true;
      };
      if (settle()) return;
      const off = this.connection.on("state", () => {
        if (settle()) off();
      });
    });
  }

  close(): void {
    this.connection.stop();
  }

  private receiveUpdate(update: RequestUpdate): void {
    const generation = this.generations.get(update.request_id);
    if (generation === undefined) return;
    generation.receiveUpdate(update);
    if (generation.done) this.generations.delete(update.request_id);
  }

  /** A new session knows neither our subscriptions nor that we follow requests. */
  private restore(): void {
    this.streams.clear();
    this.ownFunctions.restore();
    for (const subscription of this.subscriptions) void this.request("subscribe", subscription).catch(ignore);
    for (const [requestId, generation] of this.generations) {
      this.request("request.get", { request_id: requestId, watch: true }).then(
        (update) => {
          this.receiveUpdate(update);
        },
        (error: unknown) => {
          // Not known: its own `chat.send` or `generate` is about to be asked again.
          if (error instanceof TavernlinkError && error.code === "unknown_request") return;
          generation.fail(error as TavernlinkError);
        },
      );
    }
  }

  private failAll(error: TavernlinkError): void {
    this.ownFunctions.failAll(error);
    for (const generation of this.generations.values()) generation.fail(error);
    this.generations.clear();
    this.streams.clear();
  }
}

function closed(): TavernlinkError {
  return new TavernlinkError("closed", "This connection was closed.");
}

function ignore(): void {
  // The connection's own state tells what became of it.
}
