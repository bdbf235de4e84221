/** The open chat: adding a user message, taking it back, finding what a generation made of it. */

import { context, type MediaAttachment, type STMessage } from "./context.js";
import { HostError } from "./failure.js";
import { putMessage } from "./messages.js";
import { type Persona } from "./persona.js";
import { type Regex } from "./regex.js";
import { saveChat } from "./saves.js";
import { uploadAvatar } from "./upload.js";

/** SillyTavern's picture for a user without one. */
const NO_PICTURE = "img/user-default.png";

export interface UserMessage {
  text: string;
  /** Who speaks; default: the person's own persona. */
  as?: Persona | undefined;
  /** The app that sent it, for those who read the chat: its member id. */
  by?: string | undefined;
  media: MediaAttachment[];
}

/** Throws `no_character` unless a character or group is open. */
export function checkOpen(): void {
  const { characterId, groupId } = context();
  if (characterId === undefined && (groupId === undefined || groupId === null)) {
    throw new HostError("no_character", "No character is open in SillyTavern. Open one, or name one.");
  }
}

export function isGroupOpen(): boolean {
  const { groupId } = context();
  return groupId !== undefined && groupId !== null;
}

/**
 * Adds a message of the person's to the chat as SillyTavern's `sendMessageAsUser` does, but never through the text box:
 * a slash command or a `|` in it is text. `index`: before which message; default: at the end. Returns it as it stands in
 * the chat.
 */
export async function addUserMessage(
  { text, as, by, media }: UserMessage,
  regex: Regex,
  { index, hidden = false }: { index?: number | undefined; hidden?: boolean } = {},
): Promise<STMessage> {
  const avatar = await picture(as);
  const message: STMessage = {
    name: as?.name ?? context().name1,
    is_user: true,
    is_system: hidden,
    send_date: new Date().toISOString(),
    mes: regex.userInput(text),
    extra: { isSmallSys: false, ...(by === undefined ? {} : { tavernlink: { by } }) },
  };
  if (avatar !== undefined) message.force_avatar = avatar;
  attachMedia(message, media);
  await putMessage(message, "sent", index);
  return message;
}

/** Pictures that go with a message. */
export function attachMedia({ extra }: STMessage, media: readonly MediaAttachment[]): void {
  if (media.length > 0)
    Object.assign(extra ?? {}, { media, media_index: media.length - 1, inline_image: true });
}

/**
 * The picture beside a message. A speaker always has one: SillyTavern shows the person's own beside messages without, and
 * says in the prompt who spoke only where there is one.
 */
export async function picture(as: Persona | undefined): Promise<string | undefined> {
  if (as?.avatar !== undefined) return uploadAvatar(as.avatar);
  const { powerUserSettings, name1 } = context();
  const personas = (powerUserSettings["personas"] ?? {}) as Record<string, string>;
  const wanted = as?.name ?? name1;
  const file = Object.keys(personas).find((avatar) => personas[avatar] === wanted);
  if (file !== undefined) return `/thumbnail?type=persona&file=${encodeURIComponent(file)}`;
  return as === undefined || as.name === name1 ? undefined : NO_PICTURE;
}

/** Removes `message` and all that came after it, on screen and on disk. Nothing happens when it is no longer there. */
export async function takeBack(message: STMessage): Promise<void> {
  const start = context().chat.indexOf(message);
  if (start >= 0) await removeFrom(start);
}

export async function removeFrom(start: number): Promise<void> {
  for (let index = context().chat.length - 1; index >= start; index -= 1) {
    await removeMessage(index);
  }
  await saveChat();
}

/** Removes one message. SillyTavern's own function ignores those that are not on screen. */
export async function removeMessage(index: number): Promise<void> {
  const host = context();
  const before = host.chat.length;
  await host.deleteMessage(index, undefined, false, false);
  if (context().chat.length < before) return;
  host.chat.splice(index, 1);
  host.chatMetadata["tainted"] = true;
  await saveChat();
  await context().reloadCurrentChat();
  await host.eventSource.emit(host.eventTypes["MESSAGE_DELETED"] ?? "message_deleted", context().chat.length);
}

/** Puts back the messages that a failed regeneration had removed. */
export async function putBack(messages: readonly STMessage[]): Promise<void> {
  const host = context();
  for (const message of messages) {
    const index = host.chat.push(message) - 1;
    context().addOneMessage(message);
    await host.eventSource.emit(
      host.eventTypes["CHARACTER_MESSAGE_RENDERED"] ?? "character_message_rendered",
      index,
    );
  }
  await saveChat();
}

/** The character's last message at or after `from`; undefined when there is none. */
export function replyAfter(from: number): { index: number; message: STMessage } | undefined {
  const { chat } = context();
  for (let index = chat.length - 1; index >= from; index -= 1) {
    const message = chat[index];
    if (message !== undefined && !message.is_user && !message.is_system) return { index, message };
  }
  return undefined;
}
