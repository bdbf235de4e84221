/**
 * Functions: what this program offers to the hub, and what it calls there.
 *
 *     await hub.registerFunction({ name: "roll", parameters: { … } }, ({ sides }) => 1 + Math.floor(Math.random() * sides));
 *     const eyes = await hub.call("roll", { sides: 20 });
 *
 * A call has its result once, whatever happens to the line: the result is an event of the session, and where the session
 * itself is lost the call is looked up by its id. One that the hub does not know any more fails with `interrupted`; it is
 * never made twice.
 */

import { TavernlinkError } from "./errors.js";
import type {
  Caller,
  FunctionCall,
  FunctionInfo,
  FunctionInvoke,
  FunctionList,
  FunctionProgress,
  FunctionResult,
  FunctionSpec,
  Messages,
} from "./generated/protocol.js";
import type { Hub } from "./hub.js";
import { makeId } from "./ids.js";

export interface CallOptions {
  /** Instead of an address: whose function it is. */
  provider?: string;
  /** Called twice under one id, it is carried out once. */
  callId?: string;
  /** Seconds; default the function's own. */
  timeout?: number;
  /** Cancels the call. */
  signal?: AbortSignal;
  onProgress?: (progress: FunctionProgress) => void;
  /** Within a call that this program carries out: its context. Circles of calls are stopped by it. */
  within?: FunctionContext;
}

/** What a function learns of the call that it carries out. */
export interface FunctionContext {
  readonly callId: string;
  readonly name: string;
  /** Whoever calls; the hub vouches for it. */
  readonly caller: Caller;
  /** Seconds that there were when it began. */
  readonly timeout: number;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
  progress(progress: number, total?: number, message?: string): void;
}

/** Carries a call out. Its arguments fit the schema. What it throws is the caller's error. */
export type FunctionHandler = (
  // The schema says what they are; a handler may say it in its own types.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  args: any,
  context: FunctionContext,
) => unknown;

interface Offered {
  spec: FunctionSpec;
  handler: FunctionHandler;
}

interface Pending {
  message: FunctionCall & { call_id: string };
  accepted: boolean;
  resolve(result: unknown): void;
  reject(error: TavernlinkError): void;
  onProgress: CallOptions["onProgress"];
}

type Asking = Pick<Hub, "connection" | "request" | "ready">;

export class Functions {
  private readonly offered = new Map<string, Offered>();
  private readonly pending = new Map<string, Pending>();
  private readonly running = new Map<string, AbortController>();

  constructor(private readonly hub: Asking) {
    const { connection } = hub;
    connection.onMessage("function.invoke", (invoke) => void this.carryOut(invoke));
    connection.onMessage("function.cancel", ({ call_id: id }) => this.running.get(id)?.abort());
    connection.onMessage("function.progress", (progress) => {
      this.pending.get(progress.call_id)?.onProgress?.(progress);
    });
    connection.onMessage("function.result", (result) => {
      this.receiveResult(result);
    });
  }

  // ── What this program offers ───────────────────────────────────────────────────────────────────────────

  /** Offer a function; gives its address. One of the same name is replaced. */
  async register(spec: FunctionSpec, handler: FunctionHandler): Promise<string> {
    this.offered.set(spec.name, { spec, handler });
    const [address] = await this.hub.request("function.register", { functions: [spec] });
    return address ?? spec.name;
  }

  /** Offer these no more, or none at all; their calls fail with `provider_gone`. */
  async unregister(...names: string[]): Promise<void> {
    for (const name of names.length > 0 ? names : [...this.offered.keys()]) this.offered.delete(name);
    await this.hub.request("function.unregister", { names });
  }

  private async carryOut(invoke: FunctionInvoke): Promise<void> {
    const { call_id: callId, name } = invoke;
    const aborting = new AbortController();
    this.running.set(callId, aborting);
    const context: FunctionContext = {
      callId,
      name,
      caller: invoke.caller,
      timeout: invoke.timeout,
      signal: aborting.signal,
      progress: (progress, total, message) => {
        const told = { call_id: callId, progress, ...(total !== undefined && { total }) };
        void this.hub
          .request("function.progress", { ...told, ...(message !== undefined && { message }) })
          .catch(ignore);
      },
    };
    let done: Messages["function.done"];
    try {
      const offered = this.offered.get(name);
      if (offered === undefined)
        throw new TavernlinkError("unknown_function", `This program offers no function "${name}".`);
      done = { call_id: callId, ok: true, result: asJson(await offered.handler(invoke.args, context)) };
    } catch (error) {
      done = { call_id: callId, ok: false, error: failure(error) };
    }
    this.running.delete(callId);
    await this.hub.request("function.done", done).catch(ignore);
  }

  // ── What it calls ──────────────────────────────────────────────────────────────────────────────────────

  list(query: FunctionList = {}): Promise<FunctionInfo[]> {
    return this.hub.request("function.list", query);
  }

  call(name: string, args: Record<string, unknown>, options: CallOptions = {}): Promise<unknown> {
    const { signal } = options;
    const message = {
      name,
      args,
      call_id: options.callId ?? makeId(),
      ...(options.provider !== undefined && { provider: options.provider }),
      ...(options.timeout !== undefined && { timeout: options.timeout }),
      ...(options.within !== undefined && { parent: options.within.callId }),
    };
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        void this.hub.request("function.cancel", { call_id: message.call_id }).catch(ignore);
      };
      const settle = (): void => {
        this.pending.delete(message.call_id);
        signal?.removeEventListener("abort", cancel);
      };
      this.pending.set(message.call_id, {
        message,
        accepted: false,
        onProgress: options.onProgress,
        resolve: (result) => {
          settle();
          resolve(result);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      if (signal?.aborted === true) {
        this.pending
          .get(message.call_id)
          ?.reject(new TavernlinkError("cancelled", "The call was cancelled."));
        return;
      }
      signal?.addEventListener("abort", cancel, { once: true });
      void this.ask(message.call_id);
    });
  }

  /** A new session: it knows neither what is offered nor who waits. */
  restore(): void {
    for (const aborting of this.running.values()) aborting.abort();
    const functions = [...this.offered.values()].map(({ spec }) => spec);
    if (functions.length > 0) void this.hub.request("function.register", { functions }).catch(ignore);
    for (const [id, pending] of this.pending) {
      if (pending.accepted) void this.ask(id, { again: true });
    }
  }

  failAll(error: TavernlinkError): void {
    for (const pending of [...this.pending.values()]) pending.reject(error);
    for (const aborting of this.running.values()) aborting.abort();
  }

  private async ask(id: string, { again = false } = {}): Promise<void> {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    const session = this.hub.connection.session.id;
    try {
      await this.hub.ready();
      const outcome = await this.hub.connection.ask("function.call", {
        ...pending.message,
        ...(again && { again }),
      });
      if (!outcome.ok) throw TavernlinkError.from(outcome.error);
      pending.accepted = true;
    } catch (error) {
      const known = error instanceof TavernlinkError ? error : new TavernlinkError("internal", String(error));
      if (known.code === "disconnected") {
        await this.hub.ready().catch(ignore);
        // The same session knows whether it arrived; another one must not make the call a second time.
        await this.ask(id, { again: again || this.hub.connection.session.id !== session });
      } else if (known.code === "unknown_call" && again) {
        pending.reject(
          new TavernlinkError(
            "interrupted",
            `The hub does not know the call of ${pending.message.name} any more.`,
          ),
        );
      } else pending.reject(known);
    }
  }

  private receiveResult(result: FunctionResult): void {
    const pending = this.pending.get(result.call_id);
    if (pending === undefined) return;
    if (result.ok) pending.resolve(result.result ?? null);
    else
      pending.reject(
        result.error !== undefined
          ? TavernlinkError.from(result.error)
          : new TavernlinkError("function_failed", "The function failed and gave no reason."),
      );
  }
}

function failure(error: unknown): NonNullable<Messages["function.done"]["error"]> {
  if (error instanceof TavernlinkError)
    return { code: error.code, message: error.message, details: error.details };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: "function_failed", message: message.slice(0, 2_000) };
}

/** What it returned as JSON would have it: `undefined` is null, and what is no JSON is an error. */
function asJson(value: unknown): unknown {
  try {
    const text = JSON.stringify(value ?? null) as string | undefined;
    if (text === undefined) throw new TypeError(`${typeof value} is no JSON value`);
    return JSON.parse(text);
  } catch (error) {
    throw new TavernlinkError("invalid_result", `What the function returned is no JSON: ${String(error)}.`);
  }
}

function ignore(): void {
  // Nobody waits for this answer.
}
