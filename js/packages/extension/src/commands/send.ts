/** `send`: messages into the open chat, the person's or others', with the reply or without. */

import { addUserMessage } from "../host/chat.js";
import { context, type STMessage } from "../host/context.js";
import { throwIfCancelled } from "../host/failure.js";
import { type Host } from "../host/host.js";
import { uploadAttachments } from "../host/upload.js";
import { flag, list, optionalText, text, type Arguments } from "./arguments.js";
import { type CommandCall, type GenerationResult } from "./call.js";
import { asides, speaker } from "./speaker.js";
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
  const messages = await addMessages(host, args, call);
  const chatId = context().getCurrentChatId();
  return {
    message_index: context().chat.findLastIndex((message) => message === messages.at(-1)),
    ...(chatId === undefined ? {} : { chat_id: chatId }),
  };
}

/** `verify` throws where another chat is open than the one that this is for. */
export async function sendAndGenerate(
  host: Host,
  args: Arguments,
  call: CommandCall,
  verify: () => void = () => undefined,
): Promise<GenerationResult> {
  const turn = {
    speakers: said(args).flatMap((each) => speaker(each) ?? []),
    asides: asides(args),
  };
  const messages = await addMessages(host, args, call, verify);
  verify();
  const takenBack = flag(args, "keep", false) ? undefined : messages[0];
  return generateVisible(host, "reply", call, { sent: takenBack, turn });
}

/** The messages of a turn in order: those that were collected before it, and its own. */
function said(args: Arguments): Arguments[] {
  return [...list(args, "before"), args];
}

async function addMessages(
  host: Host,
  args: Arguments,
  call: CommandCall,
  verify: () => void = () => undefined,
): Promise<STMessage[]> {
  const messages = await Promise.all(
    said(args).map(async (each) => ({
      text: text(each, "text"),
      as: speaker(each),
      by: optionalText(each, "by"),
      media: await uploadAttachments(list(each, "attachments")),
    })),
  );
  throwIfCancelled(call.signal);
  const added: STMessage[] = [];
  for (const message of messages) {
    verify();
    added.push(await addUserMessage(message, host.regex));
  }
  return added;
}
