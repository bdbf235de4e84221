/**
 * What would be sent to the model, without sending it: the prompt with its parts and their tokens, and the settings that
 * go with it.
 *
 * SillyTavern's prompt manager keeps the last prompt that it built as a tree of named parts, each with its tokens as
 * they were counted for the budget. For text completion it tells the parts before it joins them.
 */

import { isSecret } from "../profiles/secrets.js";
import { type BuiltRequest, type Inspector } from "./body.js";
import { context } from "./context.js";
import { loadModule } from "./library/server.js";
import { type Body } from "./parameters.js";

export interface Part {
  name: string;
  tokens: number;
  messages: number;
}

export interface Line {
  role: string;
  content: unknown;
  name: string | null;
  part: string | null;
  tokens: number | null;
}

export interface Preview {
  api: string;
  model: string | null;
  character: string | null;
  messages: Line[];
  text: string | null;
  parts: Part[];
  tokens: number;
  max_context: number;
  max_tokens: number | null;
  params: Body;
}

/** A message of SillyTavern's prompt manager, or a collection of them. */
interface Node {
  identifier?: string;
  collection?: Node[];
  content?: unknown;
  tool_calls?: unknown;
  getTokens?(): number;
}

/** Texts of a text completion's prompt, under the names that chat completion has for the same parts. */
const TEXT_PARTS: Readonly<Record<string, string>> = {
  main: "main",
  worldInfoBefore: "worldInfoBefore",
  description: "charDescription",
  personality: "charPersonality",
  scenario: "scenario",
  persona: "personaDescription",
  worldInfoAfter: "worldInfoAfter",
  mesExmString: "dialogueExamples",
  jailbreak: "jailbreak",
};

const LENGTHS = [
  "max_tokens",
  "max_completion_tokens",
  "max_new_tokens",
  "max_length",
  "n_predict",
  "num_predict",
];
const MOST_WORDS = 2_000;

export class PromptInspector implements Inspector {
  #text: [string, string][] = [];
  #root: Node[] = [];

  receiveParts(parts: Body): void {
    const found = Object.entries(TEXT_PARTS).map(([key, name]): [string, unknown] => [name, parts[key]]);
    const said = parts["finalMesSend"];
    const history = Array.isArray(said)
      ? (said as { message?: unknown; extensionPrompts?: unknown[] }[])
          .map(({ message, extensionPrompts = [] }) => [...extensionPrompts, message].join(""))
          .join("")
      : "";
    this.#text = [...found, ["chatHistory", history] as const].filter(
      (part): part is [string, string] => typeof part[1] === "string" && part[1] !== "",
    );
  }

  async receiveBuilt(): Promise<void> {
    const manager = (await loadModule("/scripts/openai.js"))?.["promptManager"];
    this.#root = (manager as { messages?: Node } | undefined)?.messages?.collection ?? [];
  }

  async report(built: BuiltRequest): Promise<Preview> {
    const { body, api, character } = built;
    const host = context();
    const isChat = api === "openai";
    const messages = isChat ? this.#lines(body["messages"]) : [];
    const text = isChat ? null : wordsOf(body["prompt"]);
    const parts = isChat ? this.#chatParts() : await this.#textParts(text ?? "");
    const length = LENGTHS.map((name) => body[name]).find(Number.isInteger) as number | undefined;
    return {
      api,
      model: modelOf(body),
      character: character === "" ? null : character,
      messages,
      text,
      parts,
      tokens: parts.reduce((sum, { tokens }) => sum + tokens, 0),
      max_context: Number(isChat ? host.chatCompletionSettings["openai_max_context"] : host.maxContext) || 0,
      max_tokens: length ?? null,
      params: shownParameters(body),
    };
  }

  #chatParts(): Part[] {
    return this.#root
      .map((node) => ({
        name: node.identifier ?? "",
        tokens: Math.max(0, node.getTokens?.() ?? 0),
        messages: leaves(node).length,
      }))
      .filter(({ messages }) => messages > 0);
  }

  /** SillyTavern joins the parts by a template of the person's, whose own words are what is left. */
  async #textParts(whole: string): Promise<Part[]> {
    const { getTokenCountAsync } = context();
    const parts: Part[] = [];
    for (const [name, text] of this.#text)
      parts.push({ name, tokens: await getTokenCountAsync(text, 0), messages: 0 });
    const known = parts.reduce((sum, { tokens }) => sum + tokens, 0);
    const rest = (await getTokenCountAsync(whole, 0)) - known;
    return rest > 0 ? [...parts, { name: "other", tokens: rest, messages: 0 }] : parts;
  }

  #lines(messages: unknown): Line[] {
    if (!Array.isArray(messages)) return [];
    const nodes = this.#root.flatMap((part) => leaves(part).map((node) => ({ part, node })));
    // Not so where system messages were squashed, or another extension changed the prompt.
    const matched = nodes.length === messages.length;
    return (messages as Body[]).map((message, index) => {
      const found = matched ? nodes[index] : undefined;
      return {
        role: wordsOf(message["role"]),
        content: message["content"] ?? null,
        name: typeof message["name"] === "string" ? message["name"] : null,
        part: found?.part.identifier ?? null,
        tokens: found?.node.getTokens?.() ?? null,
      };
    });
  }
}

/** The messages of a part that go into the prompt: SillyTavern leaves empty ones out. */
function leaves(node: Node): Node[] {
  if (Array.isArray(node.collection)) return node.collection.flatMap(leaves);
  return node.content || node.tool_calls ? [node] : [];
}

function modelOf(body: Body): string | null {
  const model = body["model"];
  return typeof model === "string" && model !== "" ? model : null;
}

/** Without the prompt, and without what is nobody else's business: keys, addresses. */
function shownParameters(body: Body): Body {
  const own = ["messages", "prompt", "model", "char_name", "user_name", "group_names", ...LENGTHS];
  return Object.fromEntries(
    Object.entries(body).filter(
      ([name, value]) =>
        !own.includes(name) && !isSecret(name) && !/url|proxy|header|server/i.test(name) && isPlain(value),
    ),
  );
}

function isPlain(value: unknown): boolean {
  if (typeof value === "string") return value.length <= MOST_WORDS;
  if (Array.isArray(value)) return value.length <= 100 && value.every((item) => typeof item !== "object");
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

function wordsOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
