/**
 * A request's own parameters laid over what SillyTavern's preset says. Pure.
 *
 * What SillyTavern has a setting for is handed to it AS a preset, so that its own rules for each source and model
 * (limits, renamed or removed fields) apply. What then is not in the body that it would send is refused by name.
 */

import { HostError } from "./failure.js";

export type Parameters = Record<string, unknown>;
export type Body = Record<string, unknown>;

interface Rule {
  /** Key of a SillyTavern chat completion preset. */
  preset: string;
  /** Key of the request body, or the first of these that is there. */
  body: readonly string[];
  check(value: unknown): boolean;
}

const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);
const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;

const RULES: Readonly<Record<string, Rule>> = {
  temperature: { preset: "temperature", body: ["temperature"], check: isNumber },
  top_p: { preset: "top_p", body: ["top_p"], check: isNumber },
  top_k: { preset: "top_k", body: ["top_k"], check: Number.isInteger },
  top_a: { preset: "top_a", body: ["top_a"], check: isNumber },
  min_p: { preset: "min_p", body: ["min_p"], check: isNumber },
  frequency_penalty: { preset: "frequency_penalty", body: ["frequency_penalty"], check: isNumber },
  presence_penalty: { preset: "presence_penalty", body: ["presence_penalty"], check: isNumber },
  repetition_penalty: { preset: "repetition_penalty", body: ["repetition_penalty"], check: isNumber },
  seed: { preset: "seed", body: ["seed"], check: Number.isInteger },
  reasoning_effort: {
    preset: "reasoning_effort",
    body: ["reasoning_effort"],
    check: (value) => typeof value === "string",
  },
  max_tokens: { preset: "openai_max_tokens", body: ["max_tokens", "max_completion_tokens"], check: isCount },
  max_completion_tokens: {
    preset: "openai_max_tokens",
    body: ["max_tokens", "max_completion_tokens"],
    check: isCount,
  },
};

/** Values that ask for nothing that would not happen anyway. */
const HARMLESS: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  logprobs: (value) => value === false,
  tool_choice: (value) => value === "none",
  tools: (value) => Array.isArray(value) && value.length === 0,
  response_format: (value) => (value as { type?: unknown }).type === "text",
  stop: (value) => Array.isArray(value) && value.length === 0,
};

/** What tools.ts takes care of. */
const TOOLS: readonly string[] = ["tools", "tool_choice", "parallel_tool_calls"];

export function refuse(parameter: string, why: string): never {
  throw new HostError("unsupported_parameter", `“${parameter}” cannot be honoured: ${why}`, { parameter });
}

function given(parameters: Parameters): [string, unknown][] {
  return Object.entries(parameters).filter(
    ([name, value]) => value !== null && value !== undefined && HARMLESS[name]?.(value) !== true,
  );
}

/** What to lay over the preset. Refuses what is unknown or of the wrong type. */
export function presetOverrides(parameters: Parameters): Record<string, unknown> {
  const preset: Record<string, unknown> = {};
  for (const [name, value] of given(parameters)) {
    if (name === "stop" || name === "response_format" || name === "stream_options") continue;
    if (TOOLS.includes(name)) continue;
    const rule = RULES[name];
    if (rule === undefined) refuse(name, "SillyTavern has no such setting.");
    if (!rule.check(value)) refuse(name, "its value has the wrong type.");
    preset[rule.preset] = value;
  }
  return preset;
}

/** Completes a chat completion body and checks that everything asked for is in it. */
export function applyParameters(body: Body, parameters: Parameters): Body {
  const result = { ...body };
  for (const [name, value] of given(parameters)) {
    if (name === "stop") result["stop"] = mergeStops(stopList(value), result["stop"], stopsSupported(result));
    else if (name === "response_format") applyFormat(result, value);
    else if (name === "stream_options") askForUsage(result, value);
    else if (TOOLS.includes(name)) continue;
    else if (RULES[name]?.body.some((key) => result[key] !== undefined) !== true) {
      refuse(name, `SillyTavern does not send it to ${String(result["model"])}.`);
    }
  }
  return result;
}

export function stopList(value: unknown): string[] {
  const list = typeof value === "string" ? [value] : value;
  if (
    !Array.isArray(list) ||
    !list.every((item): item is string => typeof item === "string" && item !== "")
  ) {
    refuse("stop", "it must be a text or a list of texts.");
  }
  return list;
}

/** The request's own first; OpenAI-like interfaces take four. */
export function mergeStops(own: string[], preset: unknown, supported: boolean, limit = 4): string[] {
  if (!supported) refuse("stop", "the model that SillyTavern is connected to takes no stop texts.");
  const rest = Array.isArray(preset) ? preset.filter((item): item is string => typeof item === "string") : [];
  const merged = [...new Set([...own, ...rest])];
  return merged.slice(0, Math.max(limit, own.length));
}

/** For these SillyTavern takes `stop` out of the body (openai.js, createGenerationParameters). */
function stopsSupported(body: Body): boolean {
  const source = String(body["chat_completion_source"]);
  const model = String(body["model"]);
  if (source === "perplexity") return false;
  if (source === "xai" && model.includes("grok-3-mini")) return false;
  if (!["openai", "azure_openai", "openrouter"].includes(source)) return true;
  return (
    !/^(openai\/)?o[134]/.test(model) &&
    !model.includes("gpt-5") &&
    !(model.includes("gpt") && model.includes("vision"))
  );
}

interface JsonSchemaFormat {
  type?: unknown;
  json_schema?: { name?: unknown; description?: unknown; schema?: unknown; strict?: unknown };
}

function applyFormat(body: Body, value: unknown): void {
  const { type, json_schema: schema } = value as JsonSchemaFormat;
  if (type === "json_schema" && typeof schema?.schema === "object" && schema.schema !== null) {
    body["json_schema"] = {
      name: typeof schema.name === "string" ? schema.name : "response",
      ...(typeof schema.description === "string" ? { description: schema.description } : {}),
      value: structuredClone(schema.schema),
      strict: schema.strict === true,
    };
    return;
  }
  if (type === "json_object" && body["chat_completion_source"] === "custom") {
    // The only way for a field that SillyTavern does not know: the YAML that the person may add to the body.
    body["custom_include_body"] = appendYaml(
      body["custom_include_body"],
      "response_format",
      '{"type": "json_object"}',
    );
    return;
  }
  refuse("response_format", `SillyTavern cannot ask ${String(body["chat_completion_source"])} for it.`);
}

/** Token counts come with a stream only when asked for, and SillyTavern passes that on for its custom source alone. */
function askForUsage(body: Body, value: unknown): void {
  const wanted = (value as { include_usage?: unknown }).include_usage === true;
  if (!wanted || body["stream"] !== true || body["chat_completion_source"] !== "custom") return;
  // What the person wrote there cannot be added to, or says it already: the answer matters more than its price.
  const own = body["custom_include_body"];
  if (typeof own === "string" && (own.trimStart().startsWith("{") || own.includes("stream_options"))) return;
  body["custom_include_body"] = appendYaml(
    body["custom_include_body"],
    "stream_options",
    '{"include_usage": true}',
  );
}

/** Adds `key: value` to a YAML mapping or to a list of mappings: the two forms that SillyTavern takes. */
export function appendYaml(existing: unknown, key: string, value: string): string {
  const text = typeof existing === "string" ? existing.trimEnd() : "";
  if (text === "") return `${key}: ${value}`;
  if (text.startsWith("{"))
    refuse(key, "the additional body parameters in SillyTavern are written in one line.");
  const isList = /^\s*-\s/.test(text);
  return `${text}\n${isList ? "- " : ""}${key}: ${value}`;
}

const TEXT_KEYS: Readonly<Record<string, readonly string[]>> = {
  temperature: ["temperature"],
  top_p: ["top_p"],
  top_k: ["top_k"],
  min_p: ["min_p"],
  top_a: ["top_a"],
  repetition_penalty: ["rep_pen", "repetition_penalty"],
  frequency_penalty: ["frequency_penalty"],
  presence_penalty: ["presence_penalty"],
  seed: ["seed", "sampler_seed"],
  max_tokens: ["max_new_tokens", "max_tokens", "n_predict", "num_predict"],
  max_completion_tokens: ["max_new_tokens", "max_tokens", "n_predict", "num_predict"],
};

/** Back ends that take a JSON schema, and under which name. */
const TEXT_SCHEMAS: Readonly<Record<string, string>> = {
  tabby: "json_schema",
  llamacpp: "json_schema",
  vllm: "guided_json",
  aphrodite: "guided_json",
};

function applyTextFormat(body: Body, value: unknown): void {
  const { type, json_schema: schema } = value as JsonSchemaFormat;
  const backend = String(body["api_type"]);
  const key = TEXT_SCHEMAS[backend];
  if (
    key === undefined ||
    type !== "json_schema" ||
    typeof schema?.schema !== "object" ||
    schema.schema === null
  )
    refuse("response_format", `SillyTavern cannot ask ${backend} for it.`);
  body[key] = structuredClone(schema.schema);
  // A grammar of the person's would contradict it.
  Reflect.deleteProperty(body, "grammar_string");
  Reflect.deleteProperty(body, "grammar");
}

/** The same for a text completion body, where each back end has its own names: those that are there are set. */
export function applyTextParameters(body: Body, parameters: Parameters): Body {
  const result = { ...body };
  for (const [name, value] of given(parameters)) {
    if (name === "stop") {
      const keys = ["stop", "stopping_strings"].filter((key) => key in result);
      for (const key of keys.length > 0 ? keys : ["stop"]) {
        result[key] = mergeStops(stopList(value), result[key], true, Infinity);
      }
      continue;
    }
    if (name === "stream_options") continue;
    if (name === "response_format") {
      applyTextFormat(result, value);
      continue;
    }
    const keys = (TEXT_KEYS[name] ?? []).filter((key) => key in result);
    if (keys.length === 0) refuse(name, "SillyTavern does not send it to this text completion back end.");
    if (RULES[name]?.check(value) !== true) refuse(name, "its value has the wrong type.");
    for (const key of keys) result[key] = value;
  }
  return result;
}
