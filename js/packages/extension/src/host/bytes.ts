/** Files as the protocol has them, and as the page and SillyTavern's server have them. */

import { context } from "./context.js";
import { HostError } from "./failure.js";

/** `data` is base64. */
export interface File64 {
  name: string;
  type: string;
  data: string;
}

/** As `FileBytes` of the protocol. */
export const MOST_BYTES = 11_000_000;
const CHUNK = 0x8000;

const EXTENSIONS: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  avif: "image/avif",
  json: "application/json",
  txt: "text/plain",
};

/** Reads what lies at an address of this SillyTavern. Undefined: there is nothing. */
export async function fetchFile(address: string, name: string): Promise<File64 | undefined> {
  const answer = await fetch(address, { headers: context().getRequestHeaders(), cache: "no-cache" });
  if (answer.status === 404) return undefined;
  return readFile(answer, name);
}

/** An answer's body as a file. Throws `too_large`. */
export async function readFile(answer: Response, name: string): Promise<File64> {
  if (!answer.ok) {
    throw new HostError("command_failed", `SillyTavern did not give the file (status ${answer.status}).`);
  }
  if (Number(answer.headers.get("content-length") ?? 0) > MOST_BYTES) {
    await answer.body?.cancel();
    throw tooLarge(Number(answer.headers.get("content-length")));
  }
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (bytes.length > MOST_BYTES) throw tooLarge(bytes.length);
  const told = (answer.headers.get("content-type") ?? "").split(";", 1)[0]?.trim() ?? "";
  return { name, type: told === "" ? typeOf(name) : told, data: encode(bytes) };
}

export function tooLarge(size: number): HostError {
  return new HostError("too_large", `The file has ${size} bytes; at most ${MOST_BYTES} can be handed over.`, {
    size,
    limit: MOST_BYTES,
  });
}

/** MIME type by the name's end. */
export function typeOf(name: string): string {
  return EXTENSIONS[extensionOf(name)] ?? "application/octet-stream";
}

/** Without the dot, in small letters; empty where the name has none. */
export function extensionOf(name: string): string {
  return /\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
}

export function encode(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK)
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

/** Throws `invalid_file` for what is no base64. */
export function decode(file: File64): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(file.data), (character) => character.charCodeAt(0));
  } catch {
    throw new HostError("invalid_file", `The bytes of “${file.name}” are no base64.`, { file: file.name });
  }
}

/** A form of the kind that SillyTavern's server takes uploads in: it looks for the file under `avatar`. */
export async function postForm(
  address: string,
  fields: Readonly<Record<string, string>>,
  upload?: { name: string; blob: Blob },
): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (upload !== undefined) form.append("avatar", upload.blob, upload.name);
  const headers = { ...context().getRequestHeaders() };
  // The browser writes this one itself, with the form's boundary.
  delete headers["Content-Type"];
  return fetch(address, { method: "POST", headers, body: form, cache: "no-cache" });
}

/**
 * A picture as PNG or JPEG, the two that every version of SillyTavern reads. Throws `invalid_file` for what the browser
 * cannot show, so that nothing is begun with it.
 */
export async function picture(file: File64): Promise<Blob> {
  const blob = new Blob([decode(file)], { type: file.type });
  const bitmap = await createImageBitmap(blob).catch(() => {
    throw new HostError("invalid_file", `“${file.name}” is no picture that this browser can read.`, {
      file: file.name,
    });
  });
  try {
    if (file.type === "image/png" || file.type === "image/jpeg") return blob;
    const canvas = document.createElement("canvas");
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((made) => {
        if (made === null)
          reject(new HostError("invalid_file", "The picture is too large for this browser."));
        else resolve(made);
      }, "image/png");
    });
  } finally {
    bitmap.close();
  }
}
