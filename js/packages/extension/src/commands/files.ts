/** `file.*`: files of the open chat's messages. */

import type { File, FilesOfMessage } from "@tavernlink/client";

import { context, type STMessage } from "../host/context.js";
import { HostError, throwIfCancelled } from "../host/failure.js";
import { type Host } from "../host/host.js";
import {
  addMedia,
  mediaOf,
  readMedium,
  removeMedium,
  uploadMedium,
  type Medium,
  type Uploaded,
} from "../host/media.js";
import { announce, elementOf, redraw, throwIfEdited } from "../host/messages.js";
import { saveChat } from "../host/saves.js";
import { count, files as readFiles, type Arguments } from "./arguments.js";
import { type CommandCall } from "./call.js";
import { messageAt } from "./messages.js";
import type { Noun } from "./noun.js";
import { ready } from "./ready.js";

function mediumAt(message: STMessage, at: number): Medium {
  const all = mediaOf(message);
  const medium = all[at];
  if (medium !== undefined) return medium;
  throw new HostError("unknown_file", `The message has ${all.length} files and none at place ${at}.`, {
    file: at,
    total: all.length,
  });
}

function filesOf(message: STMessage): FilesOfMessage {
  return {
    files: mediaOf(message).map(({ kind, name, url, generated }, at) => ({
      file: at,
      kind,
      name: name.slice(0, 200),
      url: url.startsWith("data:") ? "" : url.slice(0, 200),
      generated,
    })),
  };
}

function list(_host: Host, args: Arguments): Promise<FilesOfMessage> {
  return Promise.resolve(filesOf(messageAt(count(args, "index"))));
}

async function get(_host: Host, args: Arguments): Promise<File> {
  return readMedium(mediumAt(messageAt(count(args, "index")), count(args, "file", 0)));
}

async function attach(host: Host, args: Arguments, call: CommandCall): Promise<FilesOfMessage> {
  const index = count(args, "index");
  const given = readFiles(args, "files");
  await ready(host, call);
  const message = messageAt(index);
  throwIfEdited(index, index);
  // All are uploaded before the message is touched: with an error it is as it was.
  const uploaded: Uploaded[] = [];
  for (const one of given) {
    uploaded.push(await uploadMedium(one));
    throwIfCancelled(call.signal);
  }
  await change(index, message, () => {
    addMedia(message, uploaded);
  });
  return filesOf(message);
}

async function detach(host: Host, args: Arguments, call: CommandCall): Promise<FilesOfMessage> {
  const index = count(args, "index");
  await ready(host, call);
  const message = messageAt(index);
  const medium = mediumAt(message, count(args, "file", 0));
  throwIfEdited(index, index);
  await change(index, message, () => {
    removeMedium(message, medium);
  });
  return filesOf(message);
}

/** Screen, `chat` and disk agree afterwards; what cannot be saved is not changed. */
async function change(index: number, message: STMessage, work: () => void): Promise<void> {
  // Uploads take a while, and the person may have gone elsewhere.
  if (context().chat[index] !== message)
    throw new HostError("chat_changed", "The open chat was changed while the files were uploaded.");
  const before = structuredClone(message.extra);
  work();
  context().chatMetadata["tainted"] = true;
  try {
    await saveChat();
  } catch (thrown) {
    if (before === undefined) delete message.extra;
    else message.extra = before;
    throw thrown;
  }
  redraw(index, message);
  showMedia(index, message);
  await announce("MESSAGE_UPDATED", "message_updated", index);
}

/** SillyTavern draws a message's files apart from its text. */
function showMedia(index: number, message: STMessage): void {
  const element = elementOf(index);
  const { jQuery } = globalThis as { jQuery?: (element: Element) => unknown };
  if (element !== null && jQuery !== undefined) context().appendMediaToMessage?.(message, jQuery(element));
}

export const files = {
  "file.list": { lane: "immediate", run: list },
  "file.get": { lane: "detached", run: get },
  "file.attach": { lane: "visible", run: attach },
  "file.detach": { lane: "visible", run: detach },
} satisfies Noun;
