/**
 * The tool calls in a model's answer, in any of the forms that SillyTavern's server passes on unchanged: OpenAI's and
 * those who write like it, Claude's, Gemini's, Cohere's. SillyTavern's services drop them. Pure.
 */

import { type ToolCall } from "./history.js";

/** What is new of one call. The first of a call has its id and name. */
export interface CallPiece {
  index: number;
  arguments: string;
  id?: string;
  name?: string;
}

type Json = Record<string, unknown>;
const asObject = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const asList = (value: unknown): Json[] => (Array.isArray(value) ? value.map(asObject) : []);
const asText = (value: unknown): string => (typeof value === "string" ? value : "");
const asJson = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value ?? {}));

/** A line that has none of these words holds no part of a call. */
export const CALL_WORDS = /"(tool_calls|tool_use|input_json_delta|functionCall)"/;

export class ToolCalls {
  /** By the model's own number of it. */
  readonly #calls = new Map<number, ToolCall>();

  constructor(private readonly tell: (piece: CallPiece) => void = () => undefined) {}

  /** The calls so far, in order. */
  get all(): ToolCall[] {
    return [...this.#calls.values()].map((call) => ({
      ...call,
      function: { ...call.function, arguments: call.function.arguments || "{}" },
    }));
  }

  /** Takes in one JSON object of a stream, or the whole of an answer that is not streamed. */
  take(data: Json): void {
    const choice = asObject(Array.isArray(data["choices"]) ? data["choices"][0] : undefined);
    this.#takeOpenAI(asList(asObject(choice["delta"])["tool_calls"]));
    this.#takeOpenAI(asList(asObject(choice["message"])["tool_calls"]));
    this.#takeClaude(data);
    this.#takeGemini(data);
    this.#takeCohere(data);
  }

  #takeOpenAI(calls: Json[]): void {
    calls.forEach((call, place) => {
      const called = asObject(call["function"]);
      const index = typeof call["index"] === "number" ? call["index"] : place;
      this.#add(
        index,
        asText(call["id"]),
        asText(called["name"]),
        asText(called["arguments"]),
        call["extra_content"],
      );
    });
  }

  #takeClaude(data: Json): void {
    asList(data["content"]).forEach((block, place) => {
      if (block["type"] === "tool_use")
        this.#add(place, asText(block["id"]), asText(block["name"]), asJson(block["input"]));
    });
    const index = typeof data["index"] === "number" ? data["index"] : 0;
    const block = asObject(data["content_block"]);
    if (block["type"] === "tool_use") this.#add(index, asText(block["id"]), asText(block["name"]), "");
    const delta = asObject(data["delta"]);
    if (delta["type"] === "input_json_delta") this.#add(index, "", "", asText(delta["partial_json"]));
  }

  #takeGemini(data: Json): void {
    const candidate = asObject(Array.isArray(data["candidates"]) ? data["candidates"][0] : undefined);
    const content = asObject(candidate["content"] ?? data["responseContent"]);
    for (const part of asList(content["parts"])) {
      const call = asObject(part["functionCall"]);
      if (typeof call["name"] !== "string") continue;
      const signature = part["thoughtSignature"];
      const extra = typeof signature === "string" ? { google: { thought_signature: signature } } : undefined;
      this.#add(this.#calls.size, asText(call["id"]), call["name"], asJson(call["args"]), extra);
    }
  }

  #takeCohere(data: Json): void {
    const calls =
      asObject(asObject(data["delta"])["message"])["tool_calls"] ?? asObject(data["message"])["tool_calls"];
    const index = typeof data["index"] === "number" ? data["index"] : undefined;
    const list = Array.isArray(calls) ? asList(calls) : calls === undefined ? [] : [asObject(calls)];
    this.#takeOpenAI(list.map((call) => (index === undefined ? call : { index, ...call })));
  }

  #add(key: number, id: string, name: string, added: string, extra?: unknown): void {
    let call = this.#calls.get(key);
    const first = call === undefined;
    if (call === undefined) {
      if (name === "") return;
      call = { id: id || makeId(), type: "function", function: { name, arguments: "" } };
      this.#calls.set(key, call);
    }
    if (extra !== undefined && extra !== null) call.extra_content = asObject(extra);
    call.function.arguments += added;
    if (!first && added === "") return;
    const index = [...this.#calls.keys()].indexOf(key);
    this.tell({ index, arguments: added, ...(first ? { id: call.id, name: call.function.name } : {}) });
  }
}

function makeId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `call_${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
