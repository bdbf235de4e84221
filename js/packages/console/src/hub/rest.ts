/** What has no message of its own: the hub's settings, and files to download. By REST, with the key of the stay. */

import { TavernlinkError } from "@tavernlink/client";

import { hubAddress, type Stay } from "./session.svelte.js";

interface Outcome {
  ok: boolean;
  result?: unknown;
  error?: { code: string; message: string; details?: Record<string, unknown> };
}

async function send(stay: Stay, method: string, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { authorization: `Bearer ${stay.key}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  const asked = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  try {
    return await fetch(`${hubAddress()}/api/${path}`, asked);
  } catch (error) {
    throw new TavernlinkError("unreachable", error instanceof Error ? error.message : String(error));
  }
}

async function errorOf(answer: Response): Promise<TavernlinkError> {
  const { error } = (await answer.json().catch(() => ({}))) as Partial<Outcome>;
  return new TavernlinkError(
    error?.code ?? "internal",
    error?.message ?? `${answer.status} ${answer.statusText}`,
    error?.details,
  );
}

/** The result of the hub's answer. Rejects with its error. */
export async function ask<Result>(stay: Stay, method: string, path: string, body?: unknown): Promise<Result> {
  const answer = await send(stay, method, path, body);
  if (!answer.ok) throw await errorOf(answer);
  return ((await answer.json()) as Outcome).result as Result;
}

/** Hand a file of the hub's to the person, under the name that the hub gives it. */
export async function download(stay: Stay, path: string): Promise<void> {
  const answer = await send(stay, "GET", path);
  if (!answer.ok) throw await errorOf(answer);
  const name =
    /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "tavernlink";
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(address);
  }, 60_000);
}
