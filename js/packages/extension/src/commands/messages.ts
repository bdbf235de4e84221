/** `message.…`: messages of the open chat. */

import { addUserMessage, attachMedia, checkOpen, picture, removeMessage } from "../host/chat.js";
import { context, type STMessage } from "../host/context.js";
import { HostError } from "../host/failure.js";
import { type Host } from "../host/host.js";
import { announce, hideMessages, moveMessage, putMessage, redraw, throwIfEdited } from "../host/messages.js";
import { saveChat } from "../host/saves.js";
import { uploadAttachments } from "../host/upload.js";
import { lineOf, voiceOf, type Role } from "../host/voices.js";
import { count, flag, list, optionalCount, optionalText, text, type Arguments } from "./arguments.js";
import { type CommandCall } from "./call.js";
import { findMessages, getMessage } from "./listing.js";
import type { Noun } from "./noun.js";
import { ready } from "./ready.js";

type Nothing = Record<string, never>;

/** The message at `index`. Throws `unknown_message`. */
export function messageAt(index: number): STMessage {
  const { chat } = context();
  const message = chat[index];
  if (message !== undefined) return message;
  throw new HostError(
    "unknown_message",
    `The open chat has ${chat.length} messages and none at index ${index}.`,
    { index, total: chat.length },
  );
}

async function begin(host: Host, call: CommandCall): Promise<void> {
  await ready(host, call);
  checkOpen();
}

const ROLES: readonly string[] = ["user", "character", "narrator", "system", "comment"];

async function send(
  host: Host,
  args: Arguments,
  call: CommandCall,
): Promise<{ index: number; chat_id: string | null }> {
  const said = text(args, "text");
  const role = optionalText(args, "role") ?? "user";
  if (!ROLES.includes(role))
    throw new HostError("invalid_message", `There is no role “${role}”.`, { argument: "role" });
  const name = optionalText(args, "name");
  const reasoning = optionalText(args, "reasoning");
  const hidden = flag(args, "hidden", false);
  await begin(host, call);
  const index = optionalCount(args, "index");
  checkPlace(index);
  const media = await uploadAttachments(list(args, "attachments"));
  // The chat may have changed during the upload.
  if (media.length > 0) checkPlace(index);
  if (role === "user") {
    if (reasoning !== undefined && reasoning !== "") {
      throw new HostError("unsupported_parameter", "Only what a character says has a reasoning.", {
        parameter: "reasoning",
      });
    }
    const as = name === undefined || name === "" ? undefined : { name };
    const message = await addUserMessage({ text: said, as, by: call.by, media }, host.regex, {
      index,
      hidden,
    });
    return placeOf(message);
  }
  const message = lineOf({ text: said, role: role as Role, name, hidden, reasoning });
  if (call.by !== undefined) (message.extra ??= {})["tavernlink"] = { by: call.by };
  attachMedia(message, media);
  await putMessage(message, role === "character" ? "received" : "sent", index);
  return placeOf(message);
}

/** Throws unless a message can be put there: at the end, or before another one. */
function checkPlace(index: number | undefined): void {
  const { length } = context().chat;
  if (index !== undefined && index !== length) messageAt(index);
  throwIfEdited(index ?? length);
}

function placeOf(message: STMessage): { index: number; chat_id: string | null } {
  const { chat, getCurrentChatId } = context();
  return { index: chat.indexOf(message), chat_id: getCurrentChatId() ?? null };
}

/** In SillyTavern's order: change, MESSAGE_EDITED, redraw, MESSAGE_UPDATED, save. */
export async function edit(host: Host, args: Arguments, call: CommandCall): Promise<Nothing> {
  const index = count(args, "index");
  const said = optionalText(args, "text");
  const name = optionalText(args, "name");
  const reasoning = optionalText(args, "reasoning");
  await begin(host, call);
  const message = messageAt(index);
  throwIfEdited(index, index);
  const before = structuredClone(message);
  if (said !== undefined) rewrite(message, said);
  if (name !== undefined) await rename(message, name);
  if (reasoning !== undefined) rethink(message, reasoning);
  context().chatMetadata["tainted"] = true;
  await announce("MESSAGE_EDITED", "message_edited", index);
  redraw(index, message);
  await announce("MESSAGE_UPDATED", "message_updated", index);
  if (reasoning !== undefined) {
    const gone = reasoning === "";
    await announce(
      gone ? "MESSAGE_REASONING_DELETED" : "MESSAGE_REASONING_EDITED",
      gone ? "message_reasoning_deleted" : "message_reasoning_edited",
      index,
    );
  }
  try {
    await saveChat();
  } catch (thrown) {
    if (context().chat[index] === message) {
      Object.assign(message, before);
      redraw(index, message);
    }
    throw thrown;
  }
  return {};
}

function rewrite(message: STMessage, said: string): void {
  message.mes = said;
  if (message.swipes !== undefined && message.swipe_id !== undefined) message.swipes[message.swipe_id] = said;
  if (message.extra !== undefined) Reflect.deleteProperty(message.extra, "display_text");
}

async function rename(message: STMessage, name: string): Promise<void> {
  if (message.is_user) {
    const avatar = await picture({ name });
    message.name = name;
    if (avatar === undefined) Reflect.deleteProperty(message, "force_avatar");
    else message.force_avatar = avatar;
    return;
  }
  const voice = voiceOf(name);
  Object.assign(message, voice);
  if (voice.force_avatar !== undefined) return;
  Reflect.deleteProperty(message, "force_avatar");
  Reflect.deleteProperty(message, "original_avatar");
}

function rethink(message: STMessage, reasoning: string): void {
  const extra = (message.extra ??= {});
  if (reasoning === "") {
    for (const key of ["reasoning", "reasoning_type", "reasoning_duration", "reasoning_signature"])
      Reflect.deleteProperty(extra, key);
  } else {
    extra["reasoning_type"] = extra["reasoning_type"] === undefined ? "manual" : "edited";
    extra.reasoning = reasoning;
  }
  const info = message.swipe_info?.[message.swipe_id ?? -1];
  if (info !== undefined) info["extra"] = structuredClone(extra);
}

export async function remove(host: Host, args: Arguments, call: CommandCall): Promise<Nothing> {
  const index = count(args, "index");
  const number = count(args, "count", 1);
  await begin(host, call);
  messageAt(index);
  if (number > 0) messageAt(index + number - 1);
  throwIfEdited(index);
  // From the end, so that the indices before it stay right.
  for (let at = index + number - 1; at >= index; at -= 1) await removeMessage(at);
  await saveChat();
  return {};
}

async function hide(host: Host, args: Arguments, call: CommandCall, hidden: boolean): Promise<Nothing> {
  const index = count(args, "index");
  const number = count(args, "count", 1);
  await begin(host, call);
  messageAt(index);
  messageAt(index + number - 1);
  await hideMessages(index, number, hidden);
  return {};
}

async function move(
  host: Host,
  args: Arguments,
  call: CommandCall,
): Promise<{ index: number; chat_id: string | null }> {
  const [index, to] = [count(args, "index"), count(args, "to")];
  await begin(host, call);
  messageAt(index);
  messageAt(to);
  throwIfEdited(Math.min(index, to), Math.max(index, to));
  await moveMessage(index, to);
  return { index: to, chat_id: context().getCurrentChatId() ?? null };
}

export const messages = {
  "message.list": { lane: "immediate", run: (_host, args) => Promise.resolve(findMessages(args)) },
  "message.get": {
    lane: "immediate",
    run: (_host, args) => Promise.resolve(getMessage(count(args, "index"))),
  },
  "message.send": { lane: "visible", run: send },
  "message.edit": { lane: "visible", run: edit },
  "message.delete": { lane: "visible", run: remove },
  "message.hide": { lane: "visible", run: (host, args, call) => hide(host, args, call, true) },
  "message.unhide": { lane: "visible", run: (host, args, call) => hide(host, args, call, false) },
  "message.move": { lane: "visible", run: move },
} satisfies Noun;
