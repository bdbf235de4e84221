/**
 * An id of the SillyTavern behind this page: the same for every tab and browser of one account, since these share their
 * characters and chats. It lies among the account's files, where no settings that are copied elsewhere take it along.
 */

import { context } from "./context.js";

const NAME = "tavernlink-server.txt";
const ID = /^server-[a-z0-9]{8,80}$/;
/** Two tabs that come first together both write; a little later both read what was written last. */
const SETTLE_MS = 500;

/** Undefined: this SillyTavern lets us keep no file, so each tab counts as one of its own. */
export async function serverId(): Promise<string | undefined> {
  try {
    const found = await read();
    if (found !== undefined) return found;
    const answer = await fetch("/api/files/upload", {
      method: "POST",
      headers: context().getRequestHeaders(),
      body: JSON.stringify({ name: NAME, data: btoa(newId()) }),
    });
    if (!answer.ok) return undefined;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return await read();
  } catch {
    return undefined;
  }
}

async function read(): Promise<string | undefined> {
  const answer = await fetch(`/user/files/${NAME}`, { cache: "no-store" });
  const text = answer.ok ? (await answer.text()).trim() : "";
  return ID.test(text) ? text : undefined;
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `server-${[...bytes].map((byte) => byte.toString(36).padStart(2, "0")).join("")}`;
}
