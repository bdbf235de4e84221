/**
 * Calls of functions elsewhere: each is asked for once, and ends exactly once, whatever the line does meanwhile.
 *
 * The hub sends the result as an event of the session. What a lost line swallowed is asked for again under the same
 * `call_id`, which the hub carries out once. Where no hub answers at all, the caller's own time limit ends the wait.
 */

import {
  TavernlinkError,
  type ConnectionState,
  type FunctionCall,
  type FunctionProgress,
  type FunctionResult,
  type Outcome,
} from "@tavernlink/client";

export interface CallOptions {
  /** Id or name of who has the function, where its name alone does not say it. */
  provider?: string;
  /** Seconds until there is a result or the error `timeout`. */
  timeout?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { progress: number; total?: number; message?: string }) => void;
  /** Call id of the `function.invoke` that is being carried out. */
  parent?: string;
}

export interface CallLine {
  readonly state: ConnectionState;
  onState(listener: (state: ConnectionState) => void): void;
  ask(type: "function.call", content: FunctionCall): Promise<Outcome>;
  ask(type: "function.cancel", content: { call_id: string }): Promise<Outcome>;
}

/** The hub's own, where neither function nor caller says one. */
const DEFAULT_SECONDS = 60;
/** For the hub's word about it to arrive first. */
const GRACE_SECONDS = 3;

interface Pending {
  content: FunctionCall;
  asking: boolean;
  accepted: boolean;
  onProgress: CallOptions["onProgress"];
  settle(outcome: Outcome): void;
}

export class Calls {
  private readonly pending = new Map<string, Pending>();

  constructor(private readonly line: CallLine) {
    line.onState(({ name }) => {
      if (name === "online") for (const call of this.pending.values()) void this.ask(call);
    });
  }

  /** The function's result. Rejects with a `TavernlinkError`. */
  async call(name: string, args: Record<string, unknown> = {}, options: CallOptions = {}): Promise<unknown> {
    const { state } = this.line;
    if (state.name === "refused") throw new TavernlinkError(state.code, state.message);
    if (state.name === "idle")
      throw new TavernlinkError("disconnected", "Tavernlink is not connected to a hub.");
    const outcome = await this.run(name, args, options);
    if (outcome.ok) return outcome.result;
    throw TavernlinkError.from(outcome.error);
  }

  receiveResult({ call_id: id, ok, result, error }: FunctionResult): void {
    const failed = error ?? { code: "function_failed", message: "The function failed and did not say why." };
    this.pending.get(id)?.settle(ok ? { ok: true, result } : { ok: false, error: failed });
  }

  receiveProgress({ call_id: id, progress, total, message }: FunctionProgress): void {
    this.pending.get(id)?.onProgress?.({
      progress,
      ...(total === undefined ? {} : { total }),
      ...(message === undefined ? {} : { message }),
    });
  }

  /** A new session: results of the old one do not come any more. */
  restart(): void {
    for (const call of this.pending.values()) {
      call.accepted = false;
      void this.ask(call);
    }
  }

  private run(name: string, args: Record<string, unknown>, options: CallOptions): Promise<Outcome> {
    const { provider, timeout, signal, onProgress, parent } = options;
    const id = crypto.randomUUID();
    return new Promise((resolve) => {
      const content: FunctionCall = { name, args, call_id: id };
      if (provider !== undefined) content.provider = provider;
      if (timeout !== undefined) content.timeout = timeout;
      if (parent !== undefined) content.parent = parent;
      const giveUp = (code: string, message: string): void => {
        call.settle({ ok: false, error: { code, message } });
        void this.line.ask("function.cancel", { call_id: id });
      };
      const cancel = (): void => {
        giveUp("cancelled", "The call was cancelled.");
      };
      const seconds = timeout ?? DEFAULT_SECONDS;
      const timer = setTimeout(
        () => {
          giveUp("timeout", `“${name}” did not answer within ${seconds} s.`);
        },
        (seconds + GRACE_SECONDS) * 1000,
      );
      const call: Pending = {
        content,
        asking: false,
        accepted: false,
        onProgress,
        settle: (outcome) => {
          if (!this.pending.delete(id)) return;
          clearTimeout(timer);
          signal?.removeEventListener("abort", cancel);
          resolve(outcome);
        },
      };
      this.pending.set(id, call);
      signal?.addEventListener("abort", cancel, { once: true });
      if (signal?.aborted === true) cancel();
      else void this.ask(call);
    });
  }

  private async ask(call: Pending): Promise<void> {
    if (call.asking || call.accepted || this.line.state.name !== "online") return;
    call.asking = true;
    const outcome = await this.line.ask("function.call", call.content);
    call.asking = false;
    if (outcome.ok) call.accepted = true;
    // Lost with the line: asked for again as soon as there is one.
    else if (outcome.error.code !== "disconnected") call.settle(outcome);
    else void this.ask(call);
  }
}
