/**
 * Rounds of tools in a history: an assistant's tool calls and the results that follow them.
 *
 * SillyTavern's history has no place for them as they are. So a round goes through a build as ONE entry, whose text is
 * all that is in it: it counts in the token budget, is dropped as a whole where the context is full, and nothing is
 * injected between a call and its result. In the finished prompt the entry is found by its mark and becomes the round
 * again, exactly as it was sent. Pure.
 */

import { HostError } from "./failure.js";
import { readContent, type PromptMessage, type ToolCall } from "./history.js";
import { type PromptEntry } from "./squash.js";

/** U+E7A1: not assigned, like the one of history.ts. */
const MARK = "\uE7A1";
const MARKED = /\uE7A1(\d+)\uE7A1/;

/** SillyTavern's server drops the text of a message with tool calls for these: it goes before them on its own. */
const TEXT_APART: readonly string[] = ["claude", "makersuite", "vertexai", "cohere"];

export class Rounds {
  /** The history with each round as one message. */
  readonly folded: PromptMessage[] = [];
  readonly #rounds: PromptMessage[][] = [];

  constructor(messages: readonly PromptMessage[]) {
    messages.forEach((message, index) => {
      const where = `messages[${index}]`;
      const open = this.#rounds.at(-1);
      if (message.role === "tool") {
        if (!inRound(messages[index - 1]) || open === undefined)
          refuse(`${where}.role`, "it follows no tool call.");
        open.push(message);
      } else if (hasCalls(message)) {
        if (message.role !== "assistant") refuse(`${where}.tool_calls`, "only an assistant calls tools.");
        this.#rounds.push([message]);
      }
    });
    let next = 0;
    for (const message of messages) {
      if (hasCalls(message)) {
        const round = this.#rounds[next] ?? [];
        this.folded.push({ role: "system", content: `${MARK}${next}${MARK}\n${spoken(round)}` });
        next += 1;
      } else if (message.role !== "tool") this.folded.push(message);
    }
  }

  get empty(): boolean {
    return this.#rounds.length === 0;
  }

  /** Where no prompt can hold them. */
  refuseAll(why: string): void {
    if (!this.empty) refuse("messages.tool_calls", why);
  }

  /** Puts them back into what was built. */
  unfold(prompt: readonly PromptEntry[], source: string): PromptEntry[] {
    return prompt.flatMap((entry) => {
      const mark = typeof entry.content === "string" ? MARKED.exec(entry.content) : null;
      const round = mark === null ? undefined : this.#rounds[Number(mark[1])];
      return round === undefined ? [entry] : round.flatMap((message) => toEntries(message, source));
    });
  }
}

/** One message as it stands in a chat completion prompt; two where its text must stand apart. */
export function toEntries(
  { role, content, name, tool_calls: calls, tool_call_id: answers }: PromptMessage,
  source: string,
): PromptEntry[] {
  const named = name === undefined || name === null ? {} : { name };
  if (role === "tool") {
    return [{ role, content: readContent(content, "messages.content").text, tool_call_id: answers }];
  }
  const plain = { role: role === "developer" ? "system" : role, content: content ?? "", ...named };
  if (calls === undefined || calls === null || calls.length === 0) return [plain];
  const calling = { role: "assistant", content: null, tool_calls: calls.map(toCall) };
  if (plain.content === "") return [calling];
  return TEXT_APART.includes(source) ? [plain, calling] : [{ ...plain, ...calling, content: plain.content }];
}

function toCall({ id, function: called, extra_content: extra }: ToolCall): Record<string, unknown> {
  const { thought_signature: signature } = (extra?.["google"] ?? {}) as { thought_signature?: unknown };
  return {
    id,
    type: "function",
    // Empty arguments are what some models write for none; others cannot read them back.
    function: { name: called.name, arguments: called.arguments === "" ? "{}" : called.arguments },
    ...(typeof signature === "string" ? { signature } : {}),
  };
}

const hasCalls = (message: PromptMessage | undefined): boolean => (message?.tool_calls ?? []).length > 0;
const inRound = (message: PromptMessage | undefined): boolean =>
  message?.role === "tool" || hasCalls(message);

/** All that a model will read of it: for the token count, and for world info that looks for words. */
function spoken(round: readonly PromptMessage[]): string {
  return round
    .flatMap(({ content, tool_calls: calls }) => [
      readContent(content, "messages.content").text,
      ...(calls ?? []).map(({ function: called }) => `${called.name} ${called.arguments}`),
    ])
    .filter((text) => text !== "")
    .join("\n");
}

function refuse(parameter: string, why: string): never {
  throw new HostError("unsupported_parameter", `“${parameter}” cannot be honoured: ${why}`, { parameter });
}
