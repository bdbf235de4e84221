/**
 * Why the hub cannot be reached, where the browser will not say: it hides from the page what it refused for the page's
 * own good, and socket.io-client sees "xhr poll error" for all of it.
 */

import { parseAddress } from "@tavernlink/client";

export type Obstacle =
  /** An HTTPS page may not talk to a plain HTTP address on another computer. */
  | "mixed"
  /** The hub is there, and does not let this page's address in. */
  | "origin";

const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;

/** `fetch` as the page has it. Undefined: nothing more is known. */
export async function findObstacle(
  address: string,
  page: { protocol: string },
  request: typeof fetch,
): Promise<Obstacle | undefined> {
  let hub: URL;
  try {
    const { origin, path } = parseAddress(address);
    hub = new URL(path.replace(/socket\.io\/$/, "healthz"), origin);
  } catch {
    return undefined;
  }
  if (page.protocol === "https:" && hub.protocol === "http:" && !LOOPBACK.test(hub.hostname)) return "mixed";
  try {
    // Without CORS the answer cannot be read, but that there is one is known.
    await request(hub, {
      mode: "no-cors",
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(5000),
    });
    return "origin";
  } catch {
    return undefined;
  }
}
