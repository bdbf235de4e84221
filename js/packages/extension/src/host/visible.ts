/**
 * One visible generation of ours: started, watched, and its end told apart.
 *
 * `generate()` resolves with undefined for many reasons and even with a text when the stream broke off, so what happened
 * is put together from SillyTavern's events, the answer of its server (tap.ts), and the error messages on screen.
 */

import { context } from "./context.js";
import { Decoy } from "./decoy.js";
import { HostError } from "./failure.js";
import { type Gate } from "./gate.js";
import { type ScriptModule } from "./script_module.js";
import { newReport, tap, type Reported } from "./tap.js";

export interface VisibleRun {
  gate: Gate;
  script: ScriptModule;
  signal: AbortSignal;
  /** False for a swipe: SillyTavern refuses one while its Send button is pressed. */
  pressSend?: boolean;
  /** True where SillyTavern would read or write the person's text box. */
  decoy: boolean;
}

export interface VisibleOutcome {
  /** SillyTavern gave a text back. */
  returned: boolean;
  /** Someone pressed Stop. */
  stopped: boolean;
  /** What was written into the text box (impersonation). */
  written: string;
  finish: Reported["finish"];
  usage: Reported["usage"];
}

/** Runs `start` (a call of `generate` or the like) to its end, auto-continue and group members included. */
export async function runVisible(run: VisibleRun, start: () => Promise<unknown>): Promise<VisibleOutcome> {
  const watch = new Watch();
  const decoy = run.decoy ? new Decoy() : null;
  const stop = (): void => {
    context().stopGeneration();
  };
  run.signal.addEventListener("abort", stop, { once: true });
  // From here on Enter and the Send button leave the person's draft where it is until the reply is there.
  if (run.pressSend !== false) run.script.setSendButtonState?.(true);
  try {
    const value = await start();
    await run.gate.settled();
    if (run.signal.aborted) throw new HostError("cancelled", "The request was cancelled.");
    watch.throwIfFailed(value);
    const last = watch.reports.at(-1);
    return {
      returned: value !== undefined,
      stopped: watch.stopped,
      written: watch.impersonated ?? decoy?.text ?? "",
      finish: last?.finish ?? null,
      usage: last?.usage ?? null,
    };
  } catch (thrown) {
    if (run.signal.aborted) throw new HostError("cancelled", "The request was cancelled.");
    throw watch.explain(thrown);
  } finally {
    run.signal.removeEventListener("abort", stop);
    decoy?.remove();
    watch.end();
    if (!run.gate.visible) run.script.setSendButtonState?.(false);
  }
}

/** What can be seen of a generation from outside. */
class Watch {
  stopped = false;
  impersonated: string | null = null;
  readonly reports: Reported[] = [];
  #prompted = false;
  readonly #toasts: ReadonlySet<Element>;
  readonly #undo: (() => void)[] = [];

  constructor() {
    this.#toasts = new Set(errorToasts());
    const { eventSource, eventTypes } = context();
    const on = (name: string, listener: (...args: never[]) => void): void => {
      const event = eventTypes[name];
      if (event === undefined) return;
      eventSource.on(event, listener);
      this.#undo.push(() => {
        eventSource.removeListener(event, listener);
      });
    };
    on("GENERATION_STOPPED", () => {
      this.stopped = true;
    });
    on("GENERATE_AFTER_DATA", (_data: unknown, dryRun: boolean) => {
      if (!dryRun) this.#prompted = true;
    });
    on("IMPERSONATE_READY", (text: string) => {
      this.impersonated = text;
    });
    this.#readAlong();
  }

  end(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  /** Throws for an end without a text that has a reason, and for a text whose stream broke off. */
  throwIfFailed(value: unknown): void {
    const error = this.reports.at(-1)?.error;
    if (error !== null && error !== undefined) {
      const broke = value !== undefined;
      throw new HostError(broke ? "stream_error" : error.code, error.message, error.details);
    }
    if (value !== undefined || this.stopped) {
      if (value === undefined) throw new HostError("stopped", "The generation was stopped in SillyTavern.");
      return;
    }
    if (context().onlineStatus === "no_connection") {
      throw new HostError(
        "no_backend",
        "SillyTavern is not connected to a model. Connect one in its API settings.",
      );
    }
    const shown = this.#shownError();
    if (shown !== undefined) throw new HostError("generation_failed", shown);
    if (!this.#prompted) {
      throw new HostError("interceptor_abort", "Another SillyTavern extension stopped the generation.");
    }
    const last = this.reports.at(-1);
    if (last !== undefined && !last.complete) {
      throw new HostError("stream_error", "The model's stream broke off.");
    }
    // Prompt sent, answer complete, nothing wrong, no text: a tool that ends the turn.
  }

  explain(thrown: unknown): HostError {
    if (thrown instanceof HostError) return thrown;
    const error = this.reports.at(-1)?.error;
    if (error !== null && error !== undefined) return new HostError(error.code, error.message, error.details);
    if (this.stopped) return new HostError("stopped", "The generation was stopped in SillyTavern.");
    const said = thrown instanceof Error ? thrown.message : "";
    const message = this.#shownError() ?? (said === "" ? "The generation failed." : said);
    return new HostError("generation_failed", message);
  }

  #shownError(): string | undefined {
    const toast = errorToasts().findLast((element) => !this.#toasts.has(element));
    const text = toast?.textContent.replaceAll(/\s+/g, " ").trim();
    return text === "" ? undefined : text;
  }

  /** Requests to the model are read along until this ends. Detached ones have a low priority and pass. */
  #readAlong(): void {
    const own = globalThis.fetch;
    let active = true;
    const reading: typeof fetch = async (input, init) => {
      const address = typeof input === "string" ? input : input instanceof URL ? input.pathname : input.url;
      const isOurs =
        active && init?.priority !== "low" && /\/api\/(backends|novelai|horde)\/?.*generate/.test(address);
      if (!isOurs) return own.call(globalThis, input, init);
      const report = newReport();
      this.reports.push(report);
      const streaming = typeof init?.body === "string" && /"stream"\s*:\s*true/.test(init.body);
      return tap(await own.call(globalThis, input, init), report, streaming);
    };
    globalThis.fetch = reading;
    this.#undo.push(() => {
      active = false;
      // Somebody may have wrapped ours meanwhile: then it stays, and only passes on.
      if (globalThis.fetch === reading) globalThis.fetch = own;
    });
  }
}

function errorToasts(): Element[] {
  return [...document.querySelectorAll("#toast-container .toast-error .toast-message")];
}
