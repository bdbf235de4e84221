/**
 * Reads along with one answer of SillyTavern's server: why the model stopped, token counts, and errors.
 *
 * SillyTavern's services yield text only, and what the model reports inside the stream (an error too) is dropped. The
 * bytes pass through here unchanged on their way to SillyTavern; nothing is delayed or buffered beyond one line.
 */

import { CALL_WORDS, type ToolCalls } from "./calls.js";
import { type ErrorInfo } from "./failure.js";

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export interface Reported {
  /** As the model's interface said it, in OpenAI's words; null: it said nothing. */
  finish: "stop" | "length" | "tool_calls" | null;
  usage: Usage | null;
  error: ErrorInfo | null;
  /** True: the answer arrived to its end. */
  complete: boolean;
  /** Takes in the model's tool calls, where it was given tools. */
  calls?: ToolCalls;
}

const LENGTH = /^(length|max_tokens|max_output_tokens|model_length|limit|MAX_TOKENS)$/;
const TOOLS = /^(tool_calls|tool_use|function_call)$/;

function finishOf(word: unknown): Reported["finish"] {
  if (typeof word !== "string" || word === "" || word === "none") return null;
  if (LENGTH.test(word)) return "length";
  return TOOLS.test(word) ? "tool_calls" : "stop";
}

type Json = Record<string, unknown>;
const asObject = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const first = (value: unknown): Json => (Array.isArray(value) ? asObject(value[0]) : {});
const count = (...values: unknown[]): number | null =>
  values.find((value) => typeof value === "number") ?? null;

function errorOf(data: Json, status: number): ErrorInfo | null {
  const detail = asObject(data["detail"]);
  const error = data["error"] ?? detail["error"];
  if (error === undefined || error === null || error === false) return null;
  const inner = asObject(error);
  const said = typeof error === "string" ? error : (inner["message"] ?? inner["code"] ?? inner["type"]);
  const code = inner["code"] ?? inner["type"];
  return {
    code: "generation_failed",
    message:
      typeof said === "string" && said !== "" ? said : "The model answered with an error and no explanation.",
    details: {
      status,
      ...(typeof code === "string" || typeof code === "number" ? { upstream_code: code } : {}),
    },
  };
}

/** Takes in one JSON object of a stream, or the whole of an answer that is not streamed. */
export function report(into: Reported, value: unknown, status = 200): void {
  const data = asObject(value);
  into.error ??= errorOf(data, status);
  into.calls?.take(data);
  const choice = first(data["choices"]);
  const candidate = first(data["candidates"]);
  const delta = asObject(data["delta"]);
  into.finish =
    finishOf(choice["finish_reason"]) ??
    finishOf(data["finish_reason"]) ??
    finishOf(data["stop_reason"]) ??
    finishOf(delta["stop_reason"]) ??
    finishOf(delta["finish_reason"]) ??
    finishOf(candidate["finishReason"]) ??
    (data["stop"] === true ? finishOf(data["stop_type"] ?? "stop") : null) ??
    into.finish;
  const usage = asObject(data["usage"] ?? asObject(data["message"])["usage"] ?? data["usageMetadata"]);
  const prompt = count(
    usage["prompt_tokens"],
    usage["input_tokens"],
    usage["promptTokenCount"],
    data["tokens_evaluated"],
  );
  const completion = count(
    usage["completion_tokens"],
    usage["output_tokens"],
    usage["candidatesTokenCount"],
    data["stop"] === true ? data["tokens_predicted"] : null,
  );
  if (prompt === null && completion === null) return;
  const prompt_tokens = prompt ?? into.usage?.prompt_tokens ?? 0;
  const completion_tokens = completion ?? into.usage?.completion_tokens ?? 0;
  into.usage = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Splits a stream into lines and takes in the `data:` ones. */
class LineReader {
  #rest = "";
  readonly #decoder = new TextDecoder();

  constructor(private readonly into: Reported) {}

  push(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split(/\r?\n/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  end(): void {
    this.#line(this.#rest);
  }

  #line(line: string): void {
    if (!line.startsWith("data:")) return;
    const text = line.slice(5).trim();
    if (text === "[DONE]") {
      // SillyTavern reads no further than this.
      this.into.complete = true;
      return;
    }
    // Nearly every line is a token: do not parse what cannot hold a report.
    const telling =
      /"(finish_reason|stop_reason|finishReason|usage|usageMetadata|error|detail|stop)"/.test(text) ||
      (this.into.calls !== undefined && CALL_WORDS.test(text));
    if (telling) report(this.into, parse(text));
  }
}

export function newReport(calls?: ToolCalls): Reported {
  return {
    finish: null,
    usage: null,
    error: null,
    complete: false,
    ...(calls === undefined ? {} : { calls }),
  };
}

/**
 * SillyTavern's server keeps a stream open for ever when the model's end breaks off (1.19: it waits for an `end` that
 * never comes). So a stream that has begun and then stands still is taken for broken.
 */
const STALL_MS = 60_000;

/** Rings when `touch` has not been called for a time. One timer, not one for each token. */
class StallAlarm {
  /** Undefined before the first byte, which may take a model minutes. */
  #last: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly limit: number) {}

  set(ring: () => void): void {
    const look = (): void => {
      const quiet = this.#last === undefined ? 0 : performance.now() - this.#last;
      if (quiet >= this.limit) ring();
      else this.#timer = setTimeout(look, this.limit - quiet);
    };
    this.#timer = setTimeout(look, this.limit);
  }

  touch(): void {
    this.#last = performance.now();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/**
 * The same answer, read along. `streaming` is what the request asked for: SillyTavern's server passes a stream on
 * without its content type.
 */
export async function tap(
  response: Response,
  into: Reported,
  streaming: boolean,
  stallMs = STALL_MS,
): Promise<Response> {
  if (!streaming || !response.ok || response.body === null) {
    const text = await response.text();
    const data = parse(text);
    if (data !== undefined) report(into, data, response.status);
    if (!response.ok) into.error ??= httpError(response, text);
    into.complete = true;
    return new Response(text, response);
  }
  const reader = new LineReader(into);
  const alarm = new StallAlarm(stallMs);
  const through = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => {
      alarm.set(() => {
        into.error ??= {
          code: "stream_error",
          message: `The model's stream stood still for ${stallMs / 1000} seconds.`,
        };
        controller.error(new Error("The stream stood still."));
      });
    },
    transform: (bytes, controller) => {
      alarm.touch();
      reader.push(bytes);
      controller.enqueue(bytes);
      if (into.complete) alarm.end();
    },
    flush: () => {
      alarm.end();
      reader.end();
      into.complete = true;
    },
  });
  return new Response(response.body.pipeThrough(through), response);
}

function httpError(response: Response, text: string): ErrorInfo {
  return {
    code: "generation_failed",
    message:
      text.trim().slice(0, 500) || `The model's server answered ${response.status} ${response.statusText}.`,
    details: { status: response.status },
  };
}
