/**
 * A connection that belongs to this browser profile alone, given by who opened it: `tavernlink tab` puts one here before
 * the page loads. SillyTavern's settings are shared by all browsers of a user, so an unattended tab must neither use
 * nor change what the person has set there.
 */

export interface PinnedConnection {
  url: string;
  key: string;
  /** Empty: made up from the page's address. */
  name: string;
  /** A person sits at this browser all the same, and can be asked. */
  attended: boolean;
}

const ITEM = "tavernlink.connection";

/** Undefined where there is none, or one that makes no sense. */
export function readPinned(storage: Pick<Storage, "getItem">): PinnedConnection | undefined {
  const text = storage.getItem(ITEM);
  if (text === null) return undefined;
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof found !== "object" || found === null) return undefined;
  const { url, key, name, attended } = found as Record<string, unknown>;
  if (typeof url !== "string" || typeof key !== "string" || key === "") return undefined;
  return { url, key, name: typeof name === "string" ? name : "", attended: attended === true };
}
