/** `context`: what is open, and the settings that matter. `stop`: SillyTavern's Stop button. Both at once, any time. */

import { context } from "../host/context.js";
import { type Host } from "../host/host.js";
import { ownDescription, ownName } from "../host/persona.js";
import { toChatMessage } from "../mirror/message.js";
import { count, type Arguments } from "./arguments.js";

const DEFAULT_LAST = 10;
const MOST = 200;

export function readContext(args: Arguments): Promise<Record<string, unknown>> {
  const host = context();
  const last = Math.min(count(args, "last", DEFAULT_LAST), MOST);
  const group = host.groups.find(({ id }) => id === host.groupId);
  const character = host.characterId === undefined ? undefined : host.characters[Number(host.characterId)];
  const start = Math.max(0, host.chat.length - last);
  return Promise.resolve({
    user: ownName(host.name1),
    persona: optional(ownDescription(host.powerUserSettings["persona_description"])),
    character: group?.name ?? character?.name ?? null,
    character_id: group?.id ?? character?.avatar ?? null,
    group: group !== undefined,
    chat_id: host.getCurrentChatId() ?? null,
    total: host.chat.length,
    messages: host.chat.slice(start).map((message) => toChatMessage(message)),
    settings: readSettings(),
  });
}

function optional(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function readSettings(): Record<string, unknown> {
  const host = context();
  const isChat = host.mainApi === "openai";
  const settings = isChat ? host.chatCompletionSettings : host.textCompletionSettings;
  return {
    main_api: host.mainApi,
    source: isChat ? settings["chat_completion_source"] : settings["type"],
    model: isChat ? (host.getChatCompletionModel?.() ?? null) : null,
    preset: host.getPresetManager()?.getSelectedPresetName() ?? null,
    max_context: isChat ? Number(settings["openai_max_context"]) : host.maxContext,
    max_tokens: isChat ? Number(settings["openai_max_tokens"]) : null,
    streaming: (isChat ? settings["stream_openai"] : settings["streaming"]) === true,
    online: host.onlineStatus !== "no_connection",
  };
}

export function stop(host: Host): Promise<{ stopped: boolean }> {
  // Without a generation SillyTavern would still report that it stopped one.
  if (!host.gate.visible) return Promise.resolve({ stopped: false });
  return Promise.resolve({ stopped: context().stopGeneration() });
}
