/** `chat.…` and `checkpoint.…`: the chat files of characters and groups, and which one is open. */

import type { Commands } from "@tavernlink/client";

import { checkOpen } from "../host/chat.js";
import {
  branch,
  checkpoint,
  closeChat,
  deleteChat,
  newChat,
  openChat,
  plain,
  renameChat,
  untilSaved,
} from "../host/chats.js";
import {
  exportChat,
  importChat,
  listChats,
  newestFirst,
  owners,
  searchChats,
  type ChatFile,
} from "../host/chat_files.js";
import { context } from "../host/context.js";
import { HostError } from "../host/failure.js";
import { type Host } from "../host/host.js";
import { throwIfUnfinished } from "../host/messages.js";
import { checkChat, chatNames, isOpen, openOwner, ownerOf, type Owner } from "../host/owners.js";
import { here } from "../host/places.js";
import { checkSwipe } from "../host/swipes.js";
import { choice, count, file, flag, optionalCount, optionalText, text, type Arguments } from "./arguments.js";
import { type CommandCall } from "./call.js";
import { messageAt } from "./messages.js";
import type { Noun } from "./noun.js";
import { ready } from "./ready.js";

type Opened = Commands["chat.open"]["result"];
type Checkpoint = Commands["checkpoint.create"]["result"];

function owner(args: Arguments): Owner {
  return ownerOf(optionalText(args, "character"), optionalText(args, "group"));
}

/** What is open now. */
function opened(): Opened {
  const { character, group, chat } = here();
  const open = character !== null || group !== null;
  return {
    chat_id: open ? chat : null,
    character,
    group,
    messages: open ? context().chat.length : null,
    open,
  };
}

/** Before another chat comes on screen: the person must not be in the middle of something that it would undo. */
async function leaving(host: Host, call: CommandCall): Promise<void> {
  await ready(host, call);
  throwIfUnfinished();
}

async function list(args: Arguments): Promise<{ chats: ChatFile[]; total: number }> {
  const limit = count(args, "limit", 100);
  const chats = await listChats(owner(args));
  return { chats: chats.toSorted(newestFirst).slice(0, limit), total: chats.length };
}

function search(args: Arguments, call: CommandCall): Promise<Commands["chat.search"]["result"]> {
  const named = [optionalText(args, "character"), optionalText(args, "group")];
  const among = named.every((name) => name === undefined) ? owners() : [owner(args)];
  return searchChats(among, text(args, "query"), count(args, "limit", 20), call.signal);
}

async function open(host: Host, args: Arguments, call: CommandCall): Promise<Opened> {
  await leaving(host, call);
  await openChat(owner(args), optionalText(args, "chat_id") ?? null, host.script);
  return opened();
}

async function begin(host: Host, args: Arguments, call: CommandCall): Promise<Opened> {
  await leaving(host, call);
  await newChat(owner(args), optionalText(args, "name"), host.script);
  return opened();
}

async function rename(host: Host, args: Arguments, call: CommandCall): Promise<Opened> {
  const [chat, name] = [text(args, "chat_id"), text(args, "name")];
  await ready(host, call);
  const whose = owner(args);
  if (isOpen(whose, chat)) throwIfUnfinished();
  const now = await renameChat(whose, chat, name, host.script);
  const shown = isOpen(whose, now);
  return { chat_id: now, ...whose, messages: shown ? context().chat.length : null, open: shown };
}

async function remove(host: Host, args: Arguments, call: CommandCall): Promise<Opened> {
  const chat = text(args, "chat_id");
  await ready(host, call);
  const whose = owner(args);
  if (isOpen(whose, chat)) throwIfUnfinished();
  await deleteChat(whose, chat, host.script);
  return opened();
}

async function branchOff(host: Host, args: Arguments, call: CommandCall): Promise<Opened> {
  const index = count(args, "index");
  const swipe = optionalCount(args, "swipe");
  const follow = flag(args, "open", true);
  await ready(host, call);
  checkOpen();
  if (follow) throwIfUnfinished();
  const message = messageAt(index);
  if (swipe !== undefined) checkSwipe(index, message, swipe);
  const whose = openOwner();
  // A message that was never swiped has no list of alternatives to choose from.
  const chat = await branch(whose, index, message.swipes === undefined ? null : (swipe ?? null), host.script);
  if (follow) await openChat(whose, chat, host.script);
  const shown = isOpen(whose, chat);
  return { chat_id: chat, ...whose, messages: shown ? context().chat.length : null, open: shown };
}

async function handOut(
  host: Host,
  args: Arguments,
  call: CommandCall,
): Promise<Commands["chat.export"]["result"]> {
  const whose = owner(args);
  const format = choice(args, "format", ["jsonl", "txt"], "jsonl");
  const chat = optionalText(args, "chat_id") ?? lastOf(whose);
  if (isOpen(whose, chat)) {
    await ready(host, call);
    await untilSaved(host.script);
  }
  await checkChat(whose, chat);
  return exportChat(whose, chat, format);
}

/** The chat that an owner has open, or had last. */
function lastOf({ character, group }: Owner): string {
  const { characters, groups } = context();
  const chat =
    group === null
      ? characters.find(({ avatar }) => avatar === character)?.chat
      : groups.find(({ id }) => id === group)?.chat_id;
  if (chat === undefined || chat === "") throw new HostError("unknown_chat", "There is no chat yet.");
  return chat;
}

async function takeIn(args: Arguments): Promise<{ chats: string[] }> {
  const given = file(args, "file");
  if (given === undefined)
    throw new HostError("invalid_message", "The command's argument “file” must be a file.", {
      argument: "file",
    });
  return { chats: await importChat(owner(args), given) };
}

async function close(host: Host, call: CommandCall): Promise<Record<string, never>> {
  await leaving(host, call);
  await closeChat(host.script);
  return {};
}

export const chats = {
  "chat.list": { lane: "detached", run: (_host, args) => list(args) },
  "chat.search": { lane: "detached", run: (_host, args, call) => search(args, call) },
  "chat.open": { lane: "visible", run: open },
  "chat.new": { lane: "visible", run: begin },
  "chat.rename": { lane: "visible", run: rename },
  "chat.delete": { lane: "visible", run: remove },
  "chat.branch": { lane: "visible", run: branchOff },
  "chat.export": { lane: "visible", run: handOut },
  "chat.import": { lane: "detached", run: (_host, args) => takeIn(args) },
  "chat.close": { lane: "visible", run: (host, _args, call) => close(host, call) },
} satisfies Noun;

async function create(host: Host, args: Arguments, call: CommandCall): Promise<Checkpoint> {
  const given = optionalText(args, "name");
  const name = given === undefined ? "" : plain(given);
  await ready(host, call);
  checkOpen();
  const index = optionalCount(args, "index") ?? Math.max(0, context().chat.length - 1);
  messageAt(index);
  return { index, chat_id: await checkpoint(openOwner(), index, name, host.script), exists: true };
}

async function checkpointsHere(): Promise<Commands["checkpoint.list"]["result"]> {
  const names = new Set(await chatNames(openOwner()));
  const checkpoints = context().chat.flatMap((message, index): Checkpoint[] => {
    const link = message.extra?.["bookmark_link"];
    return typeof link === "string" && link !== "" ? [{ index, chat_id: link, exists: names.has(link) }] : [];
  });
  return { checkpoints, main_chat: mainChat() };
}

function mainChat(): string | null {
  const main = context().chatMetadata["main_chat"];
  return typeof main === "string" && main !== "" ? main : null;
}

async function follow(host: Host, args: Arguments, call: CommandCall): Promise<Opened> {
  const index = count(args, "index");
  await leaving(host, call);
  checkOpen();
  const link = messageAt(index).extra?.["bookmark_link"];
  if (typeof link !== "string" || link === "")
    throw new HostError("unknown_chat", `Message ${index} has no checkpoint.`, { index });
  await openChat(openOwner(), link, host.script);
  return opened();
}

async function leave(host: Host, call: CommandCall): Promise<Opened> {
  await leaving(host, call);
  const whose = openOwner();
  const main = mainChat();
  if (main === null)
    throw new HostError("unknown_chat", "The open chat is no branch or checkpoint of another one.");
  await openChat(whose, main, host.script);
  return opened();
}

export const checkpoints = {
  "checkpoint.create": { lane: "visible", run: create },
  "checkpoint.list": { lane: "detached", run: () => checkpointsHere() },
  "checkpoint.open": { lane: "visible", run: follow },
  "checkpoint.leave": { lane: "visible", run: (host, _args, call) => leave(host, call) },
} satisfies Noun;
