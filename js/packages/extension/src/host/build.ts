/**
 * Builds what SillyTavern would send for a history that is not the open chat: its real prompt and request body, by a
 * dry run of its own `Generate`. The open chat is neither changed nor shown otherwise.
 *
 * One build at a time (gate.ts); the history is slipped in by swap.ts; another character by cast.ts and lore.ts.
 */

import { chooseSpeaker, lend, place } from "./cast.js";
import { context, type STMessage } from "./context.js";
import { HostError, throwIfCancelled } from "./failure.js";
import { type Gate } from "./gate.js";
import { chatBody, textBody, type BuildOrder, type BuiltRequest, type Inspector } from "./body.js";
import { readContent, toHistory } from "./history.js";
import { fitLoreFor } from "./lore.js";
import { silenceMemories } from "./memories.js";
import { type Body } from "./parameters.js";
import { ownName } from "./persona.js";
import { Rounds, toEntries } from "./rounds.js";
import { type ScriptModule } from "./script_module.js";
import { HistorySwap, withoutKeys, type Exchange, type SwapMethod } from "./swap.js";

/** Metadata of the open chat that replaces parts of the open character's card. */
const CHAT_OVERRIDES = ["scenario", "system_prompt", "mes_example", "note_prompt"] as const;

const NO_TOOLS = "a text completion back end has no tools.";

/** The person can click or switch chats during a build again and again, but hardly so often. */
const ATTEMPTS = 10;

export class PromptBuilder {
  /** The swap that fits this SillyTavern, checked at every build; null: none did at the last one. */
  method: SwapMethod | null = "filter";

  constructor(
    private readonly gate: Gate,
    private readonly script: ScriptModule,
  ) {}

  async build(order: BuildOrder, signal: AbortSignal): Promise<BuiltRequest> {
    return this.#again(signal, (token) => this.#attempt(order, token));
  }

  /** What SillyTavern would send now for the open chat with these messages after it: of a group, its first member's. */
  async buildOpen(
    order: Omit<BuildOrder, "messages" | "character"> & { added: readonly STMessage[] },
    signal: AbortSignal,
  ): Promise<BuiltRequest> {
    return this.#again(signal, (token) => this.#attemptOpen(order, token));
  }

  async #again(
    signal: AbortSignal,
    attempt: (token: AbortSignal) => Promise<BuiltRequest | null>,
  ): Promise<BuiltRequest> {
    for (let tries = 0; tries < ATTEMPTS; tries += 1) {
      const built = await this.gate.build(signal, attempt);
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
      const names = { user: ownName(host.name1), character: host.name2 };
      // For its checks: what SillyTavern's history cannot hold is refused here too.
      toHistory(new Rounds(order.messages).folded, names);
      const prompt = order.messages.flatMap((message) => toEntries(message, chatSource()));
      return { api, body: await chatBody({ prompt }, order, { squash: false }), ...names };
    }
    new Rounds(order.messages).refuseAll(NO_TOOLS);
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
    const rounds = new Rounds(order.messages);
    if (api !== "openai") rounds.refuseAll(NO_TOOLS);
    const history = toHistory(rounds.folded, {
      user: ownName(context().name1),
      character: speaker.character.name,
    });
    const undoLore = speaker.lent ? fitLoreFor(speaker.character) : undefined;
    const loan = speaker.lent ? lend(speaker, this.script) : undefined;
    const undoTimes = keepTimedWorldInfo(context().chatMetadata);
    const undoMemories = silenceMemories();
    try {
      const data = await this.#dryRun(history, speaker.lent, token, order.inspector);
      if (place() !== from || loan?.intact() === false) return null;
      if (data === null || (data["prompt"] ?? data["input"] ?? "") === "") throw noPrompt();
      await order.inspector?.receiveBuilt(data);
      await checkArrived(history, data);
      const body = api === "openai" ? await chatBody(data, order, { rounds }) : textBody(data, order);
      if (place() !== from || loan?.intact() === false) return null;
      return { api, body, character: speaker.character.name, user: ownName(context().name1) };
    } finally {
      undoMemories();
      undoTimes();
      loan?.end();
      undoLore?.();
    }
  }

  async #attemptOpen(
    order: Omit<BuildOrder, "messages" | "character"> & { added: readonly STMessage[] },
    token: AbortSignal,
  ): Promise<BuiltRequest | null> {
    const api = checkBackend();
    const from = place();
    const { chat, name2, characterId, groupId } = context();
    const undoTimes = keepTimedWorldInfo(context().chatMetadata);
    try {
      const data = await this.#dryRun([...chat, ...order.added], false, token, order.inspector);
      const speaker = context().name2;
      // In a group, a dry run makes its first member the open character.
      if (groupId) this.script.setCharacterId?.(characterId === undefined ? undefined : Number(characterId));
      if (place() !== from) return null;
      if (data === null || (data["prompt"] ?? data["input"] ?? "") === "") throw noPrompt();
      await order.inspector?.receiveBuilt(data);
      const whole = { ...order, messages: [] };
      const body = api === "openai" ? await chatBody(data, whole) : textBody(data, whole);
      return { api, body, character: speaker, user: ownName(context().name1) };
    } finally {
      if (groupId && context().name2 !== name2) this.script.setCharacterName?.(name2);
      undoTimes();
    }
  }

  /** Runs it with the swap that fits, and finds out which one that is. Null: it ended without a prompt. */
  async #dryRun(
    history: STMessage[],
    lent: boolean,
    token: AbortSignal,
    inspector: Inspector | undefined,
  ): Promise<Body | null> {
    const methods: SwapMethod[] = this.method === "array" ? ["array"] : ["filter", "array"];
    for (const method of methods) {
      const swap = new HistorySwap(history, method);
      const data = await dryRun(swap, lent, token, inspector);
      if (data === null) return null;
      if (swap.taken !== 1 || (method === "array" && !holds(data, history))) continue;
      this.method = method;
      return data;
    }
    this.method = null;
    throw new HostError(
      "detached_unsupported",
      "This version of SillyTavern cannot build a prompt without its chat.",
    );
  }
}

async function dryRun(
  swap: HistorySwap,
  lent: boolean,
  token: AbortSignal,
  inspector: Inspector | undefined,
): Promise<Body | null> {
  const { eventSource, eventTypes, generate } = context();
  let data: unknown;
  const install = (_type: string, options: { signal?: AbortSignal } | undefined): void => {
    if (options?.signal !== token) return;
    const host = context();
    const exchanges: (() => Exchange)[] = lent ? [withoutKeys(host.chatMetadata, CHAT_OVERRIDES)] : [];
    swap.install(host, exchanges);
  };
  const receive = (built: unknown, isDry: boolean): void => {
    if (isDry) data = built;
  };
  const receiveParts = (parts: unknown): void => {
    inspector?.receiveParts(parts as Body);
  };
  const parts = eventTypes["GENERATE_BEFORE_COMBINE_PROMPTS"] ?? "generate_before_combine_prompts";
  const before = eventTypes["GENERATION_AFTER_COMMANDS"] ?? "generation_after_commands";
  const after = eventTypes["GENERATE_AFTER_DATA"] ?? "generate_after_data";
  // Last, so that no other extension's listener runs between the exchange and the reading.
  if (eventSource.makeLast) eventSource.makeLast(before, install);
  else eventSource.on(before, install);
  eventSource.on(after, receive);
  if (inspector !== undefined) eventSource.on(parts, receiveParts);
  try {
    // With a signal given, SillyTavern leaves the abort controller of the Stop button alone.
    await generate("normal", { signal: token }, true);
  } finally {
    swap.close();
    eventSource.removeListener(before, install);
    eventSource.removeListener(after, receive);
    if (inspector !== undefined) eventSource.removeListener(parts, receiveParts);
  }
  return typeof data === "object" && data !== null ? (data as Body) : null;
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

/** The chat completion source that is chosen now. */
function chatSource(): string {
  return String(context().chatCompletionSettings["chat_completion_source"]);
}

function noPrompt(): HostError {
  return new HostError(
    "generation_failed",
    "SillyTavern built no prompt. Its own messages on screen say why.",
  );
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

/** Is the last message of the history in the prompt, as it was? */
function holds(data: Body, history: readonly STMessage[]): boolean {
  const last = history.findLast(({ mes }) => mes.trim() !== "");
  const prompt = JSON.stringify(data["prompt"] ?? data["input"] ?? "");
  return last === undefined || prompt.includes(JSON.stringify(last.mes.trim()).slice(1, -1));
}

/** What does not fit into the context is left out by SillyTavern, with a notice on screen at most. */
async function checkArrived(history: readonly STMessage[], data: Body): Promise<void> {
  if (holds(data, history)) return;
  // Not there as it was. A regex script may have rewritten it; or it did not fit.
  const { getTokenCountAsync, maxContext, mainApi, chatCompletionSettings } = context();
  const limit = mainApi === "openai" ? Number(chatCompletionSettings["openai_max_context"]) : maxContext;
  const tokens = await getTokenCountAsync(history.findLast(({ mes }) => mes.trim() !== "")?.mes ?? "");
  const { prompt } = data;
  const unheard =
    Array.isArray(prompt) &&
    history.some(({ is_user: isUser }) => isUser) &&
    !prompt.some((message: { role?: unknown }) => message.role === "user");
  if (unheard || tokens * 2 > limit) {
    throw new HostError(
      "context_exceeded",
      "The messages do not fit into the context that SillyTavern allows beside the character's own prompts.",
      { tokens, max_context: limit },
    );
  }
}
