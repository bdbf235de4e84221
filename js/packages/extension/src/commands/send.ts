/** `send`: a message of the person's into the open chat, with the reply or without. */

import { addUserMessage } from "../host/chat.js";
import { context, type STMessage } from "../host/context.js";
import { throwIfCancelled } from "../host/failure.js";
import { type Host } from "../host/host.js";
import { uploadAttachments } from "../host/upload.js";
import { flag, list, optionalText, text, type Arguments } from "./arguments.js";
import { type CommandCall, type GenerationResult } from "./call.js";
import { checkBackend, generateVisible, prepare, withSendPressed } from "./visible.js";

export async function send(
  host: Host,
  args: Arguments,
  call: CommandCall,
): Promise<GenerationResult | { message_index: number; chat_id?: string }> {
  const generate = flag(args, "generate", true);
  await prepare(host, call.signal);
  if (generate) checkBackend();
  if (generate) return withSendPressed(host, () => sendAndGenerate(host, args, call));
  const message = await addMessage(host, args, call);
  const chatId = context().getCurrentChatId();
  return {
    message_index: context().chat.indexOf(message),
    ...(chatId === undefined ? {} : { chat_id: chatId }),
  };
}

export async function sendAndGenerate(
  host: Host,
  args: Arguments,
  call: CommandCall,
): Promise<GenerationResult> {
  return generateVisible(host, "reply", call, await addMessage(host, args, call));
}

async function addMessage(host: Host, args: Arguments, call: CommandCall): Promise<STMessage> {
  const said = text(args, "text");
  const media = await uploadAttachments(list(args, "attachments"));
  throwIfCancelled(call.signal);
  return addUserMessage({ text: said, as: optionalText(args, "as"), media }, host.regex);
}
