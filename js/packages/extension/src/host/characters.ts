/**
 * Making, changing and deleting characters. Each change goes to SillyTavern's server first; when it is done there, the
 * page follows (roster.ts), as it does when the person makes the change.
 */

import { type File64, picture, postForm, readFile } from "./bytes.js";
import { before, changes, isObject } from "./cards.js";
import { context } from "./context.js";
import { HostError } from "./failure.js";
import { post, saveSettings } from "./library/server.js";
import { chatFiles, here } from "./places.js";
import { readCharacter, reload, reloadOne, type Roster } from "./roster.js";

/** Makes one and gives its id. */
export async function create(
  name: string,
  fields: Record<string, unknown>,
  avatar?: File64,
): Promise<string> {
  const image = avatar === undefined ? undefined : await picture(avatar);
  const laid = changes({ ...fields, name }) ?? {};
  const answer = await postForm(
    "/api/characters/create",
    { ch_name: name },
    image && { name: "avatar.png", blob: image },
  );
  if (!answer.ok) {
    throw new HostError(
      "command_failed",
      `SillyTavern did not make the character (status ${answer.status}).`,
    );
  }
  const id = await answer.text();
  // Its form knows some of the fields only; the others, and how they are kept, are written over what it made.
  try {
    await merge(id, laid);
  } catch (thrown) {
    await post("/api/characters/delete", { avatar_url: id, delete_chats: true }, "taking it back").catch(
      () => undefined,
    );
    throw thrown;
  }
  await reload();
  return id;
}

/** Changes fields and picture; with an error neither is changed. */
export async function edit(
  host: Roster,
  avatar: string,
  fields: Record<string, unknown>,
  file?: File64,
): Promise<void> {
  const image = file === undefined ? undefined : await picture(file);
  const laid = changes(fields);
  const old = await readCharacter(avatar);
  if (laid !== undefined) await merge(avatar, laid);
  if (image !== undefined) {
    try {
      await setPicture(avatar, image);
    } catch (thrown) {
      if (laid !== undefined) await merge(avatar, before(old, laid)).catch(() => undefined);
      throw thrown;
    }
  }
  await reloadOne(host, avatar);
}

async function merge(avatar: string, laid: Record<string, unknown>): Promise<void> {
  const book = isObject(laid["data"]) ? laid["data"]["character_book"] : undefined;
  if (isObject(book) && !(Array.isArray(book["entries"]) && isObject(book["extensions"] ?? {}))) {
    throw new HostError(
      "invalid_message",
      "“character_book” must be an object with a list of “entries” and an object of “extensions”.",
      { argument: "character_book" },
    );
  }
  if (isObject(book)) book["extensions"] ??= {};
  await post("/api/characters/merge-attributes", { ...laid, avatar }, "changing the card");
}

async function setPicture(avatar: string, image: Blob): Promise<void> {
  const answer = await postForm(
    "/api/characters/edit-avatar",
    { avatar_url: avatar },
    { name: "avatar.png", blob: image },
  );
  if (!answer.ok) {
    throw new HostError("command_failed", `SillyTavern did not take the picture (status ${answer.status}).`);
  }
  await refreshPicture(avatar);
}

/** The browser keeps pictures; SillyTavern's own pages read them again in this way. */
async function refreshPicture(avatar: string): Promise<void> {
  const file = encodeURIComponent(avatar);
  for (const address of [`/thumbnail?type=avatar&file=${file}`, `/characters/${file}`]) {
    await fetch(address, { cache: "reload" }).catch(() => undefined);
  }
}

/** Copies one and gives the copy's id. */
export async function duplicate(avatar: string): Promise<string> {
  const answer = await post("/api/characters/duplicate", { avatar_url: avatar }, "copying the character");
  const { path } = (await answer.json()) as { path?: string };
  if (path === undefined) throw new HostError("command_failed", "SillyTavern did not copy the character.");
  const { eventSource, eventTypes } = context();
  await eventSource.emit(eventTypes["CHARACTER_DUPLICATED"] ?? "character_duplicated", {
    oldAvatar: avatar,
    newAvatar: path,
  });
  await reload();
  return path;
}

/** Deletes one; gives the number of its chats that went with it. */
export async function remove(host: Roster, avatar: string, chats: boolean): Promise<number> {
  const files = chats ? await chatFiles(avatar) : [];
  if (here().character === avatar) await close(host);
  const { characters, tagMap, accountStorage, eventSource, eventTypes } = context();
  const index = characters.findIndex((found) => found.avatar === avatar);
  const character = characters[index];
  await post("/api/characters/delete", { avatar_url: avatar, delete_chats: chats }, "deleting the character");
  for (const key of ["AlertWI_", "AlertRegex_", "mediaWarningShown:"])
    accountStorage?.removeItem(key + avatar);
  if (tagMap !== undefined) Reflect.deleteProperty(tagMap, avatar);
  for (const name of files) await eventSource.emit(eventTypes["CHAT_DELETED"] ?? "chat_deleted", name);
  await eventSource.emit(eventTypes["CHARACTER_DELETED"] ?? "characterDeleted", { id: index, character });
  await reload();
  await saveSettings();
  return files.length;
}

/** Closes the open chat. */
async function close({ script }: Roster): Promise<void> {
  await script.closeCurrentChat?.();
  if (here().character !== null) {
    throw new HostError("busy", "SillyTavern did not close the character's chat. It may be saving.");
  }
}

const CARD_FILES = ["png", "json", "yaml", "yml", "charx", "byaf"];

/** Makes one of a card file, or lays it over `replace`; gives its id. */
export async function importCard(
  host: Roster,
  file: File64,
  format: string,
  bytes: Uint8Array<ArrayBuffer>,
  replace?: string,
): Promise<string> {
  if (!CARD_FILES.includes(format)) {
    throw new HostError(
      "invalid_file",
      `“${file.name}” is no character card: its name must end in ${CARD_FILES.map((end) => `.${end}`).join(", ")}.`,
      { file: file.name },
    );
  }
  const fields = {
    file_type: format,
    user_name: context().name1,
    ...(replace === undefined ? {} : { preserved_name: replace }),
  };
  const blob = new Blob([bytes], { type: file.type });
  const answer = await postForm("/api/characters/import", fields, { name: `card.${format}`, blob });
  const told = answer.ok ? ((await answer.json()) as { file_name?: string }) : {};
  if (told.file_name === undefined) {
    throw new HostError("invalid_file", `SillyTavern found no character card in “${file.name}”.`, {
      file: file.name,
    });
  }
  const id = `${told.file_name}.png`;
  if (replace !== undefined) await refreshPicture(id);
  await reload();
  if (replace !== undefined) await reloadOne(host, id);
  return id;
}

export async function exportCard(avatar: string, format: "png" | "json"): Promise<File64> {
  const answer = await post(
    "/api/characters/export",
    { avatar_url: avatar, format },
    "exporting the character",
  );
  return readFile(answer, `${avatar.replace(/\.[^/.]+$/, "")}.${format}`);
}
