/** `tavern.state` and `characters.changed`: what is open and who is there, sent when it differs from what was sent. */

import type { Character, TavernState } from "@tavernlink/client";

import type { STContext } from "./host/context.js";
import { ownName } from "./host/persona.js";
import type { Outlet } from "./outlet.js";

const STATE_TRIGGERS = [
  "CHAT_CHANGED",
  "PERSONA_CHANGED",
  "PERSONA_UPDATED",
  "PERSONA_RENAMED",
  "CHARACTER_EDITED",
  "CHARACTER_RENAMED",
  "GROUP_UPDATED",
  "ONLINE_STATUS_CHANGED",
  "MAIN_API_CHANGED",
  "CHATCOMPLETION_SOURCE_CHANGED",
  "CHATCOMPLETION_MODEL_CHANGED",
  "CONNECTION_PROFILE_LOADED",
  "SETTINGS_UPDATED",
];

const CHARACTER_TRIGGERS = [
  "CHARACTER_PAGE_LOADED",
  "CHARACTER_EDITED",
  "CHARACTER_DELETED",
  "CHARACTER_DUPLICATED",
  "CHARACTER_RENAMED",
  "GROUP_UPDATED",
  "CHAT_CHANGED",
];

const MAX = 200;

export interface StatePage {
  read: () => STContext;
  generating: () => boolean;
  /** Id of the SillyTavern server, once it is known. */
  server?: () => string | undefined;
  /** One turn of the event loop: several events in one turn are one look. */
  pause: () => Promise<void>;
}

export class StateReport {
  private sentState = "";
  private sentCharacters = "";
  private readonly due = new Set<() => void>();

  constructor(
    private readonly page: StatePage,
    private readonly outlet: Outlet,
  ) {}

  listen(): void {
    const { eventSource, eventTypes } = this.page.read();
    const on = (names: string[], look: () => void): void => {
      for (const name of names) {
        const event = eventTypes[name];
        if (event === undefined) continue;
        eventSource.on(event, () => {
          this.soon(look);
        });
      }
    };
    on(STATE_TRIGGERS, this.sendState);
    on(CHARACTER_TRIGGERS, this.sendCharacters);
  }

  /** A new session: the hub knows nothing. */
  restart(): void {
    this.sentState = "";
    this.sentCharacters = "";
    this.sendState();
    this.sendCharacters();
  }

  /** The state may have changed. */
  look(): void {
    this.soon(this.sendState);
  }

  private soon(look: () => void): void {
    this.due.add(look);
    if (this.due.size > 1) return;
    void this.page.pause().then(() => {
      const due = [...this.due];
      this.due.clear();
      for (const run of due) run();
    });
  }

  private readonly sendState = (): void => {
    const state = readState(this.page.read(), this.page.generating(), this.page.server?.());
    const signature = JSON.stringify(state);
    if (signature !== this.sentState && this.outlet.send("tavern.state", state)) this.sentState = signature;
  };

  private readonly sendCharacters = (): void => {
    const characters = readCharacters(this.page.read());
    const signature = characters.map(({ id, name }) => `${id}\n${name}`).join("\n\n");
    if (signature === this.sentCharacters) return;
    if (this.outlet.send("characters.changed", { characters })) this.sentCharacters = signature;
  };
}

export function readState(context: STContext, generating: boolean, server?: string): TavernState {
  const { characters, groups, groupId, characterId, name1 } = context;
  const state: TavernState = { user: ownName(name1).slice(0, MAX), generating };
  const group =
    groupId === null || groupId === undefined ? undefined : groups.find(({ id }) => id === groupId);
  const character = characterId === undefined ? undefined : characters[Number(characterId)];
  const open = group ?? character;
  if (open !== undefined) state.character = open.name.slice(0, MAX);
  if (group !== undefined) state.character_id = group.id.slice(0, MAX);
  else if (character !== undefined) state.character_id = character.avatar.slice(0, MAX);
  const chatId = context.getCurrentChatId();
  if (typeof chatId === "string" && chatId !== "") state.chat_id = chatId.slice(0, MAX);
  const backend = readBackend(context);
  if (backend !== undefined) state.backend = backend.slice(0, MAX);
  if (server !== undefined) state.server = server;
  return state;
}

/** "source/model" as far as it is known; undefined: not connected to a model. */
function readBackend(context: STContext): string | undefined {
  const { mainApi, onlineStatus, chatCompletionSettings } = context;
  if (onlineStatus === "no_connection") return undefined;
  if (mainApi !== "openai") return `${mainApi}/${onlineStatus}`;
  const source = chatCompletionSettings["chat_completion_source"];
  const model = context.getChatCompletionModel?.();
  return [typeof source === "string" ? source : mainApi, model].filter(Boolean).join("/");
}

export function readCharacters({ characters, groups }: STContext): Character[] {
  const list: Character[] = [];
  for (const { avatar, name } of characters) {
    if (avatar !== "" && avatar !== "none") list.push({ id: avatar.slice(0, MAX), name: name.slice(0, MAX) });
  }
  for (const { id, name } of groups)
    list.push({ id: id.slice(0, MAX), name: name.slice(0, MAX), kind: "group" });
  return list;
}
