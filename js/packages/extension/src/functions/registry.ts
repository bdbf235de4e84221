/**
 * Functions of this tab: those that other extensions and scripts of the page register, for all whom the hub lets call.
 *
 * They outlive connections: a new session with the hub gets all of them again. A call is carried out once, is given a
 * signal that is aborted when nobody waits for it any more, and ends with one `function.done`.
 */

import {
  TavernlinkError,
  type Caller,
  type ConnectionState,
  type FunctionDone,
  type FunctionInvoke,
  type FunctionSpec,
  type Outcome,
} from "@tavernlink/client";

import type { Log } from "../log.js";
import type { CallOptions } from "./calls.js";
import { toJson } from "./files.js";

/** What a handler is given besides its arguments. */
export interface Invocation {
  readonly callId: string;
  readonly caller: Caller;
  /** Seconds that are left. */
  readonly timeout: number;
  /** Aborted when the call was cancelled, its time is over or its caller is gone. */
  readonly signal: AbortSignal;
  readonly progress: (progress: number, total?: number, message?: string) => void;
  /** Calls another function from within this one: the hub then sees loops. */
  readonly call: (name: string, args?: Record<string, unknown>, options?: CallOptions) => Promise<unknown>;
}

export type FunctionHandler = (args: Record<string, unknown>, invocation: Invocation) => unknown;

export interface Registration {
  readonly name: string;
  /** The hub's address of it, once there is a hub that took it. Rejects where the hub refuses it. */
  readonly ready: Promise<string>;
  unregister(): void;
}

export interface RegistryLine {
  readonly state: ConnectionState;
  readonly maxPayload: number;
  ask(type: "function.register", content: { functions: FunctionSpec[] }): Promise<Outcome>;
  ask(type: "function.unregister", content: { names: string[] }): Promise<Outcome>;
  send(type: "function.done", content: FunctionDone): boolean;
  send(type: "function.progress", content: { call_id: string; progress: number }): boolean;
}

type CallOther = (name: string, args: Record<string, unknown>, options: CallOptions) => Promise<unknown>;

interface Entry {
  spec: FunctionSpec;
  handler: FunctionHandler;
  taken(address: string): void;
  refused(error: Error): void;
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const MOST_AT_ONCE = 256;

export class FunctionRegistry {
  private readonly entries = new Map<string, Entry>();
  private readonly running = new Map<string, AbortController>();
  /** Registered in this turn of the page, and not yet told. */
  private fresh: Entry[] = [];

  constructor(
    private readonly line: RegistryLine,
    private readonly callOther: CallOther,
    private readonly log: Log,
  ) {}

  get specs(): FunctionSpec[] {
    return [...this.entries.values()].map(({ spec }) => spec);
  }

  /** One of the same name is replaced. */
  register(given: FunctionSpec, handler: FunctionHandler): Registration {
    if (typeof given.name !== "string" || !NAME.test(given.name))
      throw new TavernlinkError(
        "invalid_message",
        "A function's name has letters, digits, “_”, “.” and “-”, 128 at most, and begins with a letter, digit or “_”.",
      );
    if (typeof handler !== "function")
      throw new TavernlinkError("invalid_message", `“${given.name}” has no handler to be called.`);
    // A copy: it may come from a frame that goes away.
    const spec = JSON.parse(JSON.stringify(given)) as FunctionSpec;
    let entry: Entry | undefined;
    const ready = new Promise<string>((taken, refused) => {
      entry = { spec, handler, taken, refused };
    });
    // Whoever does not look at it finds the refusal in the log.
    ready.catch(() => undefined);
    const made = entry as unknown as Entry;
    this.entries.set(spec.name, made);
    if (this.fresh.length === 0)
      queueMicrotask(() => {
        const { fresh } = this;
        this.fresh = [];
        void this.tell(fresh);
      });
    this.fresh.push(made);
    return {
      name: spec.name,
      ready,
      unregister: () => {
        if (this.entries.get(spec.name) === made) this.unregister(spec.name);
      },
    };
  }

  /** False: there was none of that name. */
  unregister(name: string): boolean {
    const entry = this.entries.get(name);
    if (entry === undefined) return false;
    this.entries.delete(name);
    entry.refused(new TavernlinkError("cancelled", `“${name}” was unregistered.`));
    if (this.line.state.name === "online") void this.line.ask("function.unregister", { names: [name] });
    return true;
  }

  /** A new session with the hub: it knows nothing, and waits for no call of the old one. */
  restart(): void {
    for (const running of this.running.values()) running.abort();
    this.running.clear();
    void this.tell([...this.entries.values()]);
  }

  receiveInvoke(invoke: FunctionInvoke): void {
    const entry = this.entries.get(invoke.name);
    if (entry === undefined) {
      const message = `This SillyTavern has no function “${invoke.name}” any more.`;
      this.line.send("function.done", {
        call_id: invoke.call_id,
        ok: false,
        error: { code: "provider_gone", message },
      });
    } else void this.carryOut(entry, invoke);
  }

  receiveCancel(callId: string): void {
    this.running.get(callId)?.abort();
  }

  private async tell(entries: readonly Entry[]): Promise<void> {
    for (let at = 0; at < entries.length && this.line.state.name === "online"; at += MOST_AT_ONCE) {
      const some = entries
        .slice(at, at + MOST_AT_ONCE)
        .filter((entry) => this.entries.get(entry.spec.name) === entry);
      if (some.length === 0) continue;
      const outcome = await this.line.ask("function.register", { functions: some.map(({ spec }) => spec) });
      if (outcome.ok) {
        some.forEach((entry, index) => {
          entry.taken((outcome.result as string[])[index] ?? entry.spec.name);
        });
      } else if (some.length > 1) {
        // One of them is wrong, and it must not cost the others their place.
        for (const entry of some) await this.tell([entry]);
      } else if (outcome.error.code !== "disconnected") {
        for (const entry of some) entry.refused(TavernlinkError.from(outcome.error));
        const { code, message } = outcome.error;
        this.log.add("error", `Function ${some[0]?.spec.name ?? ""}: ${code}: ${message}`);
      }
    }
  }

  private async carryOut(
    entry: Entry,
    { call_id: id, args, caller, timeout }: FunctionInvoke,
  ): Promise<void> {
    const running = new AbortController();
    this.running.set(id, running);
    const invocation: Invocation = {
      callId: id,
      caller,
      timeout,
      signal: running.signal,
      progress: (progress, total, message) => {
        if (this.running.get(id) !== running) return;
        this.line.send("function.progress", {
          call_id: id,
          progress,
          ...(total === undefined ? {} : { total }),
          ...(message === undefined ? {} : { message }),
        });
      },
      call: (name, given = {}, options = {}) =>
        this.callOther(name, given, { signal: running.signal, ...options, parent: id }),
    };
    let done: FunctionDone;
    try {
      const result = await toJson(await entry.handler(args, invocation));
      done = { call_id: id, ok: true, result };
      if (JSON.stringify(result).length > this.line.maxPayload - 1_000)
        throw new TavernlinkError(
          "too_large",
          `The result of “${entry.spec.name}” is larger than the hub allows (${this.line.maxPayload} bytes).`,
        );
    } catch (thrown) {
      done = { call_id: id, ok: false, error: explain(thrown, entry.spec.name) };
    }
    // A new session does not wait for it.
    if (this.running.get(id) !== running) return;
    this.running.delete(id);
    this.line.send("function.done", done);
  }
}

/** Errors may come from another frame, so they are told by their shape. A `code` of their own is kept. */
function explain(thrown: unknown, name: string): NonNullable<FunctionDone["error"]> {
  const { code, message, details } = (typeof thrown === "object" && thrown !== null ? thrown : {}) as {
    code?: unknown;
    message?: unknown;
    details?: unknown;
  };
  return {
    code: typeof code === "string" && /^[a-z][a-z0-9_]*$/.test(code) ? code : "function_failed",
    message: typeof message === "string" && message !== "" ? message : `“${name}” failed: ${String(thrown)}`,
    ...(typeof details === "object" && details !== null && Object.keys(details).length > 0
      ? { details: details as Record<string, unknown> }
      : {}),
  };
}
