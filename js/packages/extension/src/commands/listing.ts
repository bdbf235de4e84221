/** `message.list` and `message.get`: reading the open chat. */

import type { ChatMessage, Commands } from "@tavernlink/client";

import { context, type STMessage } from "../host/context.js";
import { HostError } from "../host/failure.js";
import { toChatMessage } from "../mirror/message.js";
import { count, flag, optionalText, type Arguments } from "./arguments.js";

type Found = Commands["message.list"]["result"];

/** Characters of one answer, which must fit into one message of the protocol, at four bytes each. */
const PAGE_CHARACTERS = 1_000_000;
const DEFAULT_LIMIT = 100;

export function getMessage(index: number): ChatMessage {
  const { chat } = context();
  const message = chat[index];
  if (message !== undefined) return { ...toChatMessage(message), index };
  throw new HostError(
    "unknown_message",
    `The open chat has ${chat.length} messages and none at index ${index}.`,
    { index, total: chat.length },
  );
}

export function findMessages(args: Arguments): Found {
  const { chat, getCurrentChatId } = context();
  const limit = count(args, "limit", DEFAULT_LIMIT);
  const fits = condition(args);
  const messages: ChatMessage[] = [];
  let characters = 0;
  let next: number | null = null;
  for (let index = beginning(args, chat.length, limit, fits === null); index < chat.length; index += 1) {
    const raw = chat[index];
    if (raw === undefined || (fits !== null && !fits(raw))) continue;
    const message = { ...toChatMessage(raw), index };
    const length = message.text.length + (message.reasoning?.length ?? 0);
    if (messages.length >= limit || (messages.length > 0 && characters + length > PAGE_CHARACTERS)) {
      next = index;
      break;
    }
    characters += length;
    messages.push(message);
  }
  return { chat_id: getCurrentChatId() ?? null, total: chat.length, messages, next };
}

function beginning(args: Arguments, total: number, limit: number, all: boolean): number {
  const start = args["start"];
  if (start === undefined || start === null) return all ? Math.max(0, total - limit) : 0;
  if (!Number.isInteger(start)) {
    throw new HostError("invalid_message", "The command's argument “start” must be a whole number.", {
      argument: "start",
    });
  }
  return (start as number) < 0 ? Math.max(0, total + (start as number)) : (start as number);
}

/** Null: every message fits. */
function condition(args: Arguments): ((message: STMessage) => boolean) | null {
  const words = wordsOf(optionalText(args, "search") ?? "");
  const name = optionalText(args, "name");
  const role = optionalText(args, "role");
  const hidden = flag(args, "hidden", true);
  if (words.length === 0 && name === undefined && role === undefined && hidden) return null;
  return (message) =>
    (hidden || !message.is_system) &&
    (name === undefined || message.name === name) &&
    (role === undefined || toChatMessage(message, 0).role === role) &&
    hasAll(`${message.mes}\n${message.extra?.reasoning ?? ""}`, words);
}

/** What is looked for, in small letters. */
export function wordsOf(search: string): string[] {
  return search.toLowerCase().split(/\s+/).filter(Boolean);
}

export function hasAll(text: string, words: readonly string[]): boolean {
  const small = text.toLowerCase();
  return words.every((word) => small.includes(word));
}
