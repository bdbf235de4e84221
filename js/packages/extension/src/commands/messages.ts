/** `message.edit` and `message.delete`: messages of the open chat. */

import { context } from "../host/context.js";
import { isBeingEdited, removeMessage } from "../host/chat.js";
import { HostError } from "../host/failure.js";
import { type Host } from "../host/host.js";
import { saveChat } from "../host/saves.js";
import { count, text, type Arguments } from "./arguments.js";
import { type CommandCall } from "./call.js";
import type { Noun } from "./noun.js";
import { prepare } from "./visible.js";

function checkIndex(index: number): void {
  const { length } = context().chat;
  if (index < length) return;
  throw new HostError("unknown_message", `The open chat has ${length} messages and none at index ${index}.`, {
    index,
    total: length,
  });
}

/** In SillyTavern's order: change, MESSAGE_EDITED, redraw, MESSAGE_UPDATED, save. */
export async function edit(host: Host, args: Arguments, call: CommandCall): Promise<Record<string, never>> {
  const index = count(args, "index");
  const said = text(args, "text");
  await prepare(host, call.signal);
  checkIndex(index);
  if (isBeingEdited(index))
    throw new HostError("busy", "The person is editing this message in SillyTavern just now.");
  const { chat, eventSource, eventTypes } = context();
  const message = chat[index];
  if (message === undefined) return {};
  message.mes = said;
  if (message.swipes !== undefined && message.swipe_id !== undefined) message.swipes[message.swipe_id] = said;
  if (message.extra !== undefined) Reflect.deleteProperty(message.extra, "display_text");
  context().chatMetadata["tainted"] = true;
  await eventSource.emit(eventTypes["MESSAGE_EDITED"] ?? "message_edited", index);
  context().updateMessageBlock(index, message);
  await eventSource.emit(eventTypes["MESSAGE_UPDATED"] ?? "message_updated", index);
  await saveChat();
  return {};
}

export async function remove(host: Host, args: Arguments, call: CommandCall): Promise<Record<string, never>> {
  const index = count(args, "index");
  const number = count(args, "count", 1);
  await prepare(host, call.signal);
  checkIndex(index);
  if (number > 0) checkIndex(index + number - 1);
  for (let at = index + number - 1; at >= index; at -= 1) {
    if (isBeingEdited(at))
      throw new HostError("busy", "The person is editing this message in SillyTavern just now.");
  }
  // From the end, so that the indices before it stay right.
  for (let at = index + number - 1; at >= index; at -= 1) await removeMessage(at);
  await saveChat();
  return {};
}

export const messages = {
  "message.edit": { lane: "visible", run: edit },
  "message.delete": { lane: "visible", run: remove },
} satisfies Noun;
