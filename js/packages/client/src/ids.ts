/** Ids of our own: 128 random bits. Not `crypto.randomUUID`, which browsers keep from plain HTTP pages in a home network. */

export function makeId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
