/**
 * Files of the person's own on SillyTavern's server (`user/files`). Backups go there: they hold what must not leave this
 * server, every browser of the person finds them, and they do not make settings.json heavy.
 */

import { context } from "../context.js";
import { post } from "./server.js";

const PREFIX = "/user/files/";

export async function writeUserFile(name: string, text: string): Promise<void> {
  await post("/api/files/upload", { name, data: toBase64(text) }, `saving the file ${name}`);
}

/** Undefined where there is no such file. */
export async function readUserFile(name: string): Promise<string | undefined> {
  const answer = await fetch(PREFIX + encodeURIComponent(name), {
    headers: context().getRequestHeaders(),
    cache: "no-store",
  });
  return answer.ok ? answer.text() : undefined;
}

/** One that is not there is no error. */
export async function removeUserFile(name: string): Promise<void> {
  await fetch("/api/files/delete", {
    method: "POST",
    headers: context().getRequestHeaders(),
    body: JSON.stringify({ path: PREFIX.slice(1) + name }),
  });
}

function toBase64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000)
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}
