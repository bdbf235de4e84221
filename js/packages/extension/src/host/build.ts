/**
 * Builds what SillyTavern would send for a history that is not the open chat: its real prompt and request body, by a
 * dry run of its own `Generate`. The open chat is neither changed nor shown otherwise.
 *
 * One build at a time (gate.ts); the history is slipped in by swap.ts; another character by cast.ts and lore.ts.
 */

import { chooseSpeaker, lend, place, type Speaker } from "./cast.js";
import { context, type STMessage } from "./context.js";
import { HostError, throwIfCancelled } from "./failure.js";
import { type Gate } from "./gate.js";
import { readContent, restoreDeep, toHistory, type PromptMessage } from "./history.js";
import { fitLoreFor } from "./lore.js";
import {
  applyParameters,
  applyTextParameters,
  presetOverrides,
  type Body,
  type Parameters,
} from "./parameters.js";
import { type ScriptModule } from "./script_module.js";
import { squashSystemMessages, type PromptEntry } from "./squash.js";
import { HistorySwap, withoutKeys, type Exchange, type SwapMethod } from "./swap.js";

export interface BuildOrder {
  messages: readonly PromptMessage[];
  character?: string | undefined;
  parameters: Parameters;
  stream: boolean;
}

export interface BuiltRequest {
  api: "openai" | "textgenerationwebui";
  /** The body for SillyTavern's `/generate` end point, complete. */
  body: Body;
  character: string;
  user: string;
}

/** Metadata of the open chat that replaces parts of the open character's card. */
const CHAT_OVERRIDES = ["scenario", "system_prompt", "mes_example", "note_prompt"] as const;

/** The service adds `use_sysprompt` for every source; SillyTavern itself sends it to these. */
const SYSPROMPT_SOURCES: readonly string[] = ["claude", "makersuite", "vertexai"];

/** The person can click or switch chats during a build again and again, but hardly so often. */
const ATTEMPTS = 10;

export class PromptBuilder {
  /** The swap that fits this SillyTavern; null: none does. Checked at every build, first by `selfCheck`. */
  method: SwapMethod | null = "filter";

  constructor(
    private readonly gate: Gate,
    private readonly script: ScriptModule,
  ) {}

  async build(order: BuildOrder, signal: AbortSignal): Promise<BuiltRequest> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const built = await this.gate.build(signal, (token) => this.#attempt(order, token));
      throwIfCancelled(signal);
      if (built !== null) return built;
    }
    throw new HostError(
      "chat_changed",
      "The open chat changed again and again while the prompt was being built.",
    );
  }

  /** A prompt of the caller's own, with the page's connection and samplers. */
  async buildRaw(order: Omit<BuildOrder, "character">, signal: AbortSignal): Promise<BuiltRequest> {
    const api = checkBackend();
    const host = context();
    if (api === "openai") {
      const names = { user: host.name1, character: host.name2 };
      // For its checks: what SillyTavern's history cannot hold is refused here too.
      toHistory(order.messages, names);
      const prompt = order.messages.map(({ role, content, name }) => ({
        role: role === "developer" ? "system" : role,
        content: content ?? "",
        ...(name === undefined || name === null ? {} : { name }),
      }));
      return { api, body: await chatBody({ prompt }, order, { squash: false }), ...names };
    }
    // The samplers of a text completion come with a built prompt only.
    const built = await this.build({ ...order, character: undefined }, signal);
    const prompt = order.messages.map(
      ({ content }, index) => readContent(content, `messages[${index}]`).text,
    );
    return { ...built, body: { ...built.body, prompt: prompt.join("\n\n") } };
  }

  async #attempt(order: BuildOrder, token: AbortSignal): Promise<BuiltRequest | null> {
    const api = checkBackend();
    const speaker = await chooseSpeaker(order.character);
    const from = place();
    const history = toHistory(order.messages, { user: context().name1, character: speaker.character.name });
    const undoLore = speaker.lent ? fitLoreFor(speaker.character) : undefined;
    const loan = speaker.lent ? lend(speaker, this.script) : undefined;
    const undoTimes = keepTimedWorldInfo(context().chatMetadata);
    try {
      const data = await this.#dryRun(history, speaker, token);
      if (place() !== from || loan?.intact() === false) return null;
      const body = api === "openai" ? await chatBody(data, order) : textBody(data, order);
      if (place() !== from || loan?.intact() === false) return null;
      return { api, body, character: speaker.character.name, user: context().name1 };
    } finally {
      undoTimes();
      loan?.end();
      undoLore?.();
    }
  }

  /** Runs it with the swap that fits, and finds out which one that is. */
  async #dryRun(history: STMessage[], speaker: Speaker, token: AbortSignal): Promise<Body> {
    for (const method of this.method === "filter" ? (["filter", "array"] as const) : [this.method]) {
      if (method === null) break;
      const result = await dryRun(new HistorySwap(history, method), speaker, token);
      if (result !== null) {
        this.method = method;
        await checkHistoryArrived(history, result);
        return result;
      }
    }
    this.method = null;
    throw new HostError(
      "detached_unsupported",
      "This version of SillyTavern cannot build a prompt without its chat.",
    );
  }
}

async function dryRun(swap: HistorySwap, speaker: Speaker, token: AbortSignal): Promise<Body | null> {
  const { eventSource, eventTypes, generate } = context();
  let data: unknown;
  const install = (_type: string, options: { signal?: AbortSignal } | undefined): void => {
    if (options?.signal !== token) return;
    const host = context();
    const exchanges: (() => Exchange)[] = speaker.lent
      ? [withoutKeys(host.chatMetadata, CHAT_OVERRIDES)]
      : [];
    swap.install(host, exchanges);
  };
  const receive = (built: unknown, isDry: boolean): void => {
    if (isDry) data = built;
  };
  const before = eventTypes["GENERATION_AFTER_COMMANDS"] ?? "generation_after_commands";
  const after = eventTypes["GENERATE_AFTER_DATA"] ?? "generate_after_data";
  // Last, so that no other extension's listener runs between the exchange and the reading.
  if (eventSource.makeLast) eventSource.makeLast(before, install);
  else eventSource.on(before, install);
  eventSource.on(after, receive);
  try {
    // With a signal given, SillyTavern leaves the abort controller of the Stop button alone.
    await generate("normal", { signal: token }, true);
  } finally {
    swap.close();
    eventSource.removeListener(before, install);
    eventSource.removeListener(after, receive);
  }
  if (typeof data !== "object" || data === null || swap.taken !== 1) return null;
  return data as Body;
}

/** World info writes an empty `timedWorldInfo` into the open chat's metadata, in dry runs too. */
function keepTimedWorldInfo(metadata: Record<string, unknown>): () => void {
  if (metadata["timedWorldInfo"] !== undefined) return () => undefined;
  return () => {
    const made = metadata["timedWorldInfo"];
    if (JSON.stringify(made) === '{"sticky":{},"cooldown":{}}')
      Reflect.deleteProperty(metadata, "timedWorldInfo");
  };
}

function checkBackend(): BuiltRequest["api"] {
  const { mainApi, onlineStatus } = context();
  if (mainApi !== "openai" && mainApi !== "textgenerationwebui") {
    throw new HostError(
      "unsupported_backend",
      `Detached generation does not work with SillyTavern's API “${mainApi}”.`,
      {
        main_api: mainApi,
      },
    );
  }
  if (onlineStatus === "no_connection") {
    throw new HostError(
      "no_backend",
      "SillyTavern is not connected to a model. Connect one in its API settings.",
    );
  }
  return mainApi;
}

/** A message that does not fit into the context is left out by SillyTavern without a word. */
async function checkHistoryArrived(history: readonly STMessage[], data: Body): Promise<void> {
  const last = history.findLast(({ mes }) => mes !== "");
  const prompt = data["prompt"] ?? data["input"];
  if (prompt === null || prompt === undefined || prompt === "") {
    throw new HostError(
      "generation_failed",
      "SillyTavern built no prompt. Its own messages on screen say why.",
    );
  }
  if (last === undefined || JSON.stringify(prompt).includes(JSON.stringify(last.mes.trim()).slice(1, -1)))
    return;
  // Not found as it was: a regex script may have rewritten it. Only one that cannot fit was left out.
  const { getTokenCountAsync, maxContext, mainApi, chatCompletionSettings } = context();
  const limit = mainApi === "openai" ? Number(chatCompletionSettings["openai_max_context"]) : maxContext;
  const tokens = await getTokenCountAsync(last.mes);
  if (tokens * 1.1 >= limit * 0.5) {
    throw new HostError(
      "context_exceeded",
      "The last message does not fit into the context that SillyTavern allows.",
      {
        tokens,
        max_context: limit,
      },
    );
  }
}

/** The body of SillyTavern's chat completion request, with every setting that the page has now. */
async function chatBody(data: Body, order: BuildOrder, { squash } = { squash: true }): Promise<Body> {
  const host = context();
  const settings = host.chatCompletionSettings;
  const service = host.ChatCompletionService;
  if (service === undefined || !Array.isArray(data["prompt"])) {
    throw new HostError(
      "detached_unsupported",
      "This version of SillyTavern offers no chat completion service.",
    );
  }
  let messages = restoreDeep(data["prompt"]) as PromptEntry[];
  checkImages(order, messages);
  if (squash && settings["squash_system_messages"] === true) {
    const separators = ["new_chat_prompt", "new_group_chat_prompt", "group_nudge_prompt"].map((key) =>
      host.substituteParams(textSetting(settings, key)),
    );
    messages = squashSystemMessages(messages, separators);
  }
  const model = host.getChatCompletionModel?.();
  // A preset without these two would lose the token bias: SillyTavern takes both or none.
  const preset = {
    bias_presets: settings["bias_presets"],
    bias_preset_selected: settings["bias_preset_selected"],
    ...presetOverrides(order.parameters),
  };
  const body = await service.presetToGeneratePayload(preset, {}, { model, messages });
  // These two differ for “quiet”, the type that the service builds for.
  const prefill = textSetting(settings, "assistant_prefill");
  if (body["chat_completion_source"] === "claude" && prefill !== "") {
    body["assistant_prefill"] = host.substituteParams(prefill);
  }
  if (!SYSPROMPT_SOURCES.includes(String(body["chat_completion_source"])))
    Reflect.deleteProperty(body, "use_sysprompt");
  body["type"] = "normal";
  body["stream"] = order.stream;
  const complete = applyParameters(body, order.parameters);
  const ready = host.eventTypes["CHAT_COMPLETION_SETTINGS_READY"];
  if (ready !== undefined) await host.eventSource.emit(ready, complete);
  return complete;
}

function textSetting(settings: Record<string, unknown>, key: string): string {
  const value = settings[key];
  return typeof value === "string" ? value : "";
}

function checkImages(order: BuildOrder, messages: readonly PromptEntry[]): void {
  const sent = order.messages.some(
    ({ content }) => Array.isArray(content) && content.some(({ type }) => type === "image_url"),
  );
  const arrived = messages.some(
    ({ content }) =>
      Array.isArray(content) && content.some((part: { type?: unknown }) => part.type === "image_url"),
  );
  if (sent && !arrived) {
    throw new HostError(
      "unsupported_parameter",
      "Images cannot be honoured: turn on “Send inline media” in SillyTavern and use a model that sees.",
      { parameter: "messages.content.image_url" },
    );
  }
}

function textBody(data: Body, order: BuildOrder): Body {
  const body = restoreDeep(data) as Body;
  if (
    order.messages.some(
      ({ content }) => Array.isArray(content) && content.some(({ type }) => type === "image_url"),
    )
  ) {
    throw new HostError("unsupported_parameter", "Images cannot be honoured by a text completion back end.", {
      parameter: "messages.content.image_url",
    });
  }
  return applyTextParameters({ ...body, stream: order.stream }, order.parameters);
}
