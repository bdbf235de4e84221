/** As much of SillyTavern as the streams, the mirror and the state look at, and an outlet that remembers. */

import type { Messages, TavernSends } from "@tavernlink/client";

import type { STContext, STListener, STMessage, STStreamingProcessor } from "../src/host/context.js";
import type { Outlet } from "../src/outlet.js";

const EVENT_TYPES: Record<string, string> = {
  APP_READY: "app_ready",
  APP_INITIALIZED: "app_initialized",
  CHAT_CHANGED: "chat_id_changed",
  MESSAGE_SENT: "message_sent",
  MESSAGE_RECEIVED: "message_received",
  MESSAGE_EDITED: "message_edited",
  MESSAGE_DELETED: "message_deleted",
  MESSAGE_SWIPED: "message_swiped",
  CHARACTER_MESSAGE_RENDERED: "character_message_rendered",
  IMPERSONATE_READY: "impersonate_ready",
  GENERATION_AFTER_COMMANDS: "GENERATION_AFTER_COMMANDS",
  GENERATE_AFTER_DATA: "generate_after_data",
  GENERATION_STOPPED: "generation_stopped",
  GROUP_WRAPPER_STARTED: "group_wrapper_started",
  GROUP_WRAPPER_FINISHED: "group_wrapper_finished",
  STREAM_TOKEN_RECEIVED: "stream_token_received",
  SMOOTH_STREAM_TOKEN_RECEIVED: "stream_token_received",
  ONLINE_STATUS_CHANGED: "online_status_changed",
  CHARACTER_PAGE_LOADED: "character_page_loaded",
};

export class FakeTavern {
  readonly listeners = new Map<string, STListener[]>();
  readonly chat: STMessage[] = [];
  chatId: string | undefined = "chat-1";
  power: Record<string, unknown> = {};
  processor: STStreamingProcessor | null = null;
  characters = [{ name: "Seraphina", avatar: "seraphina.png" }];
  groups: { id: string; name: string; members: string[]; disabled_members: string[] }[] = [];
  characterId: number | undefined = 0;
  groupId: string | null = null;
  onlineStatus = "Valid";
  /** Contexts that were fetched: the price of a look. */
  reads = 0;

  readonly read = (): STContext => {
    this.reads += 1;
    return {
      chat: this.chat,
      characters: this.characters,
      groups: this.groups,
      characterId: this.characterId,
      groupId: this.groupId,
      name1: "Traveller",
      name2: "Seraphina",
      onlineStatus: this.onlineStatus,
      mainApi: "openai",
      chatCompletionSettings: { chat_completion_source: "custom" },
      getChatCompletionModel: () => "stand-in",
      powerUserSettings: this.power,
      streamingProcessor: this.processor,
      getCurrentChatId: () => this.chatId,
      eventTypes: EVENT_TYPES,
      eventSource: {
        on: (event: string, listener: STListener) => {
          this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
        },
        makeFirst: (event: string, listener: STListener) => {
          this.listeners.set(event, [listener, ...(this.listeners.get(event) ?? [])]);
        },
        removeListener: (event: string, listener: STListener) => {
          this.listeners.set(
            event,
            (this.listeners.get(event) ?? []).filter((other) => other !== listener),
          );
        },
        emit: () => Promise.resolve(),
        events: Object.fromEntries(this.listeners),
      },
    } as unknown as STContext;
  };

  emit(type: string, ...args: unknown[]): void {
    for (const listener of this.listeners.get(EVENT_TYPES[type] ?? type) ?? []) {
      (listener as (...args: unknown[]) => unknown)(...args);
    }
  }

  say(mes: string, more: Partial<STMessage> = {}): STMessage {
    const message = { name: "Seraphina", is_user: false, is_system: false, mes, ...more } as STMessage;
    this.chat.push(message);
    return message;
  }
}

export class FakeOutlet implements Outlet {
  readonly sent: [type: TavernSends, content: never][] = [];
  maxPayload = 1_000_000;
  /** False: there is no session. */
  open = true;

  send<Type extends TavernSends>(type: Type, content: Messages[Type]): boolean {
    if (this.open) this.sent.push([type, content as never]);
    return this.open;
  }

  room(): Promise<void> {
    return Promise.resolve();
  }

  contents<Type extends TavernSends>(type: Type): Messages[Type][] {
    return this.sent.filter(([name]) => name === type).map(([, content]) => content as Messages[Type]);
  }
}
