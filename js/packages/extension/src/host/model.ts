/**
 * Sends built requests to the model through SillyTavern's own services, any number side by side, as far as the
 * browser's connections go (carriers.ts). The rest waits in order.
 */

import { type BuiltRequest } from "./body.js";
import { ToolCalls, type CallPiece } from "./calls.js";
import { type Carrier } from "./carriers.js";
import { context, type ServiceReply } from "./context.js";
import { HostError, throwIfCancelled } from "./failure.js";
import { type ToolCall } from "./history.js";
import { newReport, tap, type Reported, type Usage } from "./tap.js";

export interface Spoken {
  text: string;
  reasoning: string;
  finish: "stop" | "length" | "tool_calls";
  usage: Usage | null;
  calls: ToolCall[];
}

/** Both cumulative. */
export type Progress = (text: string, reasoning: string) => void;

interface Seat {
  readonly carrier: Carrier;
  taken: number;
}

export class ModelLine {
  readonly #seats: Seat[];
  readonly #waiting: ((seat: Seat) => void)[] = [];

  constructor(carriers: readonly Carrier[]) {
    this.#seats = carriers.map((carrier) => ({ carrier, taken: 0 }));
  }

  /** How many are under way at most. */
  get limit(): number {
    return this.#seats.reduce((sum, { carrier }) => sum + carrier.limit, 0);
  }

  /** Sends it and reads the answer to its end. Rejects with a HostError. */
  async speak(
    built: BuiltRequest,
    signal: AbortSignal,
    progress: Progress,
    calling?: (piece: CallPiece) => void,
  ): Promise<Spoken> {
    const seat = await this.#take(signal);
    try {
      return await speak(built, seat.carrier, signal, progress, calling);
    } finally {
      seat.taken -= 1;
      this.#advance();
    }
  }

  #advance(): void {
    for (;;) {
      const seat = this.#seats.find(({ carrier, taken }) => taken < carrier.limit);
      const next = seat && this.#waiting.shift();
      if (seat === undefined || next === undefined) return;
      seat.taken += 1;
      next(seat);
    }
  }

  #take(signal: AbortSignal): Promise<Seat> {
    return new Promise((resolve, reject) => {
      const go = (seat: Seat): void => {
        signal.removeEventListener("abort", leave);
        resolve(seat);
      };
      const leave = (): void => {
        const at = this.#waiting.indexOf(go);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(new HostError("cancelled", "The request was cancelled."));
      };
      if (signal.aborted) {
        leave();
        return;
      }
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(go);
      this.#advance();
    });
  }
}

async function speak(
  built: BuiltRequest,
  carrier: Carrier,
  signal: AbortSignal,
  progress: Progress,
  calling: ((piece: CallPiece) => void) | undefined,
): Promise<Spoken> {
  const calls = new ToolCalls(calling);
  const reported = newReport(Array.isArray(built.body["tools"]) ? calls : undefined);
  let text = "";
  let reasoning = "";
  try {
    const reply = await request(built, carrier, reported, signal);
    if (typeof reply === "function") {
      for await (const chunk of reply()) {
        throwIfCancelled(signal);
        text = chunk.text;
        reasoning = chunk.state?.reasoning ?? "";
        progress(text, reasoning);
      }
    } else {
      text = contentText(reply.content);
      reasoning = reply.reasoning ?? "";
      progress(text, reasoning);
    }
  } catch (thrown) {
    // SillyTavern reads such an answer itself, and says no more than this of one that is no JSON.
    if (thrown instanceof SyntaxError && built.body["json_schema"] !== undefined && reported.error === null)
      throw new HostError("invalid_output", "The model did not answer with JSON.");
    throw explain(thrown, reported, signal, text);
  }
  throwIfCancelled(signal);
  if (reported.error !== null) throw failure(reported.error, text);
  if (!reported.complete) throw new HostError("stream_error", "The model's stream broke off.", { text });
  // Some say “stop” all the same.
  const finish = calls.all.length > 0 ? "tool_calls" : (reported.finish ?? "stop");
  return { text, reasoning, finish, usage: reported.usage, calls: calls.all };
}

/** With a JSON schema SillyTavern parses the answer; an OpenAI client expects the text. */
function contentText(content: unknown): string {
  return typeof content === "string" ? content : JSON.stringify(content ?? "");
}

function explain(thrown: unknown, reported: Reported, signal: AbortSignal, text: string): HostError {
  if (signal.aborted) return new HostError("cancelled", "The request was cancelled.", { text });
  if (thrown instanceof HostError) return thrown;
  if (reported.error !== null) return failure(reported.error, text);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return text === ""
    ? new HostError("generation_failed", `SillyTavern's request to the model failed: ${message}`)
    : new HostError("stream_error", `The model's stream broke off: ${message}`, { text });
}

function failure(error: NonNullable<Reported["error"]>, text: string): HostError {
  if (text === "") return new HostError(error.code, error.message, error.details);
  return new HostError("stream_error", error.message, { ...error.details, text });
}

/**
 * The services call `fetch` before they first await, so ours is in its place for that one synchronous call only, and
 * no other request of the page ever sees it.
 */
function request(
  built: BuiltRequest,
  carrier: Carrier,
  reported: Reported,
  signal: AbortSignal,
): Promise<ServiceReply> {
  const { ChatCompletionService, TextCompletionService } = context();
  const service = built.api === "openai" ? ChatCompletionService : TextCompletionService;
  if (service === undefined) {
    throw new HostError(
      "detached_unsupported",
      "This version of SillyTavern offers no service for such a request.",
    );
  }
  const streaming = built.body["stream"] === true;
  const own = globalThis.fetch;
  const reading: typeof fetch = async (input, init) => {
    // One turn later `own` is back in its place: the carrier must not meet this function again.
    await Promise.resolve();
    return tap(await carrier.fetch(input, { ...init, priority: "low" }), reported, streaming);
  };
  globalThis.fetch = reading;
  try {
    return service.sendRequest(built.body, true, signal);
  } finally {
    if (globalThis.fetch === reading) globalThis.fetch = own;
  }
}
