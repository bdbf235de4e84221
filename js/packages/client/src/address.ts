/** The hub's address as people type it, taken apart for socket.io-client. */

import { TavernlinkError } from "./errors.js";

export interface Address {
  /** Scheme, host and port, e.g. "http://127.0.0.1:8001". */
  origin: string;
  /** Path of the Socket.IO door; a hub behind a proxy may live below a prefix. */
  path: string;
}

const SCHEMES: Record<string, string> = {
  "ws:": "http:",
  "wss:": "https:",
  "http:": "http:",
  "https:": "https:",
};

/** Takes "127.0.0.1:8001", "ws://…", "http://host/prefix/". Throws `TavernlinkError` with code `unreachable`. */
export function parseAddress(text: string): Address {
  const typed = text.trim();
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? typed : `http://${typed}`;
  let url: URL;
  try {
    url = new URL(withScheme);
  } catch {
    throw refuse(typed);
  }
  const scheme = SCHEMES[url.protocol];
  if (scheme === undefined || url.hostname === "") throw refuse(typed);
  const prefix = url.pathname.replace(/\/+$/, "").replace(/\/socket\.io$/, "");
  return { origin: `${scheme}//${url.host}`, path: `${prefix}/socket.io/` };
}

function refuse(typed: string): TavernlinkError {
  return new TavernlinkError(
    "unreachable",
    `“${typed}” is not an address of a hub. It looks like http://127.0.0.1:8001.`,
  );
}
