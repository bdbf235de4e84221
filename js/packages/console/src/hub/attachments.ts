/** Files that a person chose, as a message takes them along. */

import type { Attachment } from "@tavernlink/client";

/** A message to the hub may have 16 MB, and base64 makes a third more of a file. */
export const MOST_BYTES = 10_000_000;

/** The part of them that fits beside what is chosen already, and what is too large. */
export function fitting<Sized extends { size: number }>(
  chosen: readonly Sized[],
  more: readonly Sized[],
): { taken: Sized[]; left: Sized[] } {
  const taken: Sized[] = [];
  const left: Sized[] = [];
  let bytes = chosen.reduce((sum, { size }) => sum + size, 0);
  for (const file of more) {
    if (bytes + file.size > MOST_BYTES) left.push(file);
    else {
      bytes += file.size;
      taken.push(file);
    }
  }
  return { taken, left };
}

export async function read(file: File): Promise<Attachment> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 32_768)
    text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return { name: file.name || "file", type: file.type || "application/octet-stream", data: btoa(text) };
}
