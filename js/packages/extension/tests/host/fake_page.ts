/** As much of SillyTavern's page as a build needs: a `Generate` with the order of events of the real one. */

import { vi } from "vitest";

import type { STCharacter, STContext, STListener, STMessage } from "../../src/host/context.js";

type Reader = (chat: STMessage[]) => STMessage[];

export class FakePage {
  readonly listeners = new Map<string, STListener[]>();
  readonly chat: STMessage[] = [message("Hello {{user}}.", false)];
  readonly characters: STCharacter[] = [
    { name: "Seraphina", avatar: "seraphina.png", chat: "own chat", description: "SERAPHINA" },
    { name: "Bob", avatar: "bob.png", chat: "bob's chat", description: "BOB", first_mes: "Beep." },
  ];
  metadata: Record<string, unknown> = {};
  chatId = "own chat";
  name2 = "Seraphina";
  online = "Valid";
  mainApi = "openai";
  characterId: number | undefined = 0;
  settings: Record<string, unknown> = { chat_completion_source: "custom", openai_max_context: 4096 };
  /** How this version takes its history. */
  takeHistory: Reader = (chat) => chat.filter((entry) => !entry.is_system);
  /** What happens between taking the history and the finished prompt. */
  during: () => Promise<void> = () => Promise.resolve();
  dryRuns = 0;
  atOnce = 0;

  constructor() {
    vi.stubGlobal("SillyTavern", { getContext: () => this.context() });
  }

  on(event: string, listener: STListener): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  async emit(event: string, ...args: unknown[]): Promise<void> {
    for (const listener of [...(this.listeners.get(event) ?? [])]) await listener(...(args as never[]));
  }

  generate = async (
    type: string,
    options: { signal?: AbortSignal } = {},
    dryRun = false,
  ): Promise<unknown> => {
    await this.emit("started", type, options, dryRun);
    await this.emit("after_commands", type, options, dryRun);
    if (!dryRun) {
      document.body.dataset["generating"] = "true";
    } else {
      this.dryRuns += 1;
    }
    const card = this.characters[this.characterId ?? ("undefined" as unknown as number)];
    const [first] = this.chat;
    if (first !== undefined) first.mes = first.mes.replaceAll("{{user}}", "Traveller");
    const history = this.takeHistory(this.chat);
    this.atOnce += 1;
    if (this.atOnce > 1) throw new Error("Two prompts are built at once.");
    await this.during();
    this.atOnce -= 1;
    const prompt = [
      { role: "system", content: `${this.name2}: ${String(card?.["description"])}` },
      ...history.map((entry) => ({ role: entry.is_user ? "user" : "assistant", content: entry.mes })),
    ];
    await this.emit("after_data", { prompt }, dryRun);
    if (!dryRun) delete document.body.dataset["generating"];
    return undefined;
  };

  context(): STContext {
    const page: Partial<STContext> = {
      chat: this.chat,
      characters: this.characters,
      groups: [],
      characterId: this.characterId,
      groupId: null,
      name1: "Traveller",
      name2: this.name2,
      onlineStatus: this.online,
      streamingProcessor: null,
      mainApi: this.mainApi,
      maxContext: 4096,
      chatMetadata: this.metadata,
      chatCompletionSettings: this.settings,
      eventTypes: {
        GENERATION_STARTED: "started",
        GENERATION_AFTER_COMMANDS: "after_commands",
        GENERATE_AFTER_DATA: "after_data",
        GENERATION_STOPPED: "stopped",
        GENERATION_ENDED: "ended",
      },
      eventSource: {
        on: (event, listener) => {
          this.on(event, listener);
        },
        makeLast: (event, listener) => {
          this.on(event, listener);
        },
        removeListener: (event, listener) => {
          this.listeners.set(
            event,
            (this.listeners.get(event) ?? []).filter((other) => other !== listener),
          );
        },
        emit: (event, ...args) => this.emit(event, ...args),
      },
      generate: this.generate,
      getCurrentChatId: () => this.chatId,
      substituteParams: (text) => text,
      getTokenCountAsync: (text) => Promise.resolve(Math.ceil(text.length / 4)),
      getChatCompletionModel: () => "stand-in",
      ChatCompletionService: {
        sendRequest: () => Promise.reject(new Error("not in this test")),
        presetToGeneratePayload: (preset, _none, payload) =>
          Promise.resolve({
            ...payload,
            chat_completion_source: "custom",
            temperature: preset["temperature"] ?? 1,
            max_tokens: 300,
            use_sysprompt: true,
          }),
      },
    };
    return page as STContext;
  }
}

export function message(text: string, isUser = true): STMessage {
  return {
    name: isUser ? "Traveller" : "Seraphina",
    is_user: isUser,
    is_system: false,
    mes: text,
    extra: {},
  };
}
