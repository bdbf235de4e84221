/**
 * A key without typing one: the hub gives a code that the person shows to the hub's admin, and once it is approved, a key,
 * one single time. Both over plain HTTP requests, since without a key there is no connection yet.
 */

import { parseAddress } from "@tavernlink/client";

export interface Shown {
  /** In two groups, as people read it to each other. */
  code: string;
  /** Seconds that it is good for. */
  seconds: number;
}

export type Ending =
  | { readonly state: "approved"; readonly key: string }
  | { readonly state: "refused" }
  /** Its time ran out. */
  | { readonly state: "over" }
  | { readonly state: "cancelled" }
  | { readonly state: "failed"; readonly code: string; readonly message: string };

export interface PairingDeps {
  fetch: typeof fetch;
  /** Resolves after so many seconds, or at once when the signal fires. */
  wait: (seconds: number, signal: AbortSignal) => Promise<void>;
  now: () => number;
}

interface Asked {
  code: string;
  ticket: string;
  seconds: number;
  interval: number;
}

type Answer<T> = { ok: true; result: T } | { ok: false; error: { code: string; message: string } };

class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Ask for a code, show it, and wait for its end. Never rejects. */
export async function pair(
  address: string,
  name: string,
  { fetch, wait, now }: PairingDeps,
  signal: AbortSignal,
  show: (shown: Shown) => void,
): Promise<Ending> {
  const ask = async <T>(place: string, body: object): Promise<T> => {
    const { origin, path } = parseAddress(address);
    const response = await fetch(new URL(path.replace(/socket\.io\/$/, `api/${place}`), origin), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      signal,
    });
    const answer = (await response.json()) as Answer<T>;
    if (!answer.ok) throw new Refused(answer.error.code, answer.error.message);
    return answer.result;
  };
  let asked: Asked;
  try {
    asked = await ask<Asked>("pairings", { name });
  } catch (error) {
    return signal.aborted ? { state: "cancelled" } : failure(error);
  }
  show({ code: `${asked.code.slice(0, 4)}-${asked.code.slice(4)}`, seconds: asked.seconds });
  const end = now() + asked.seconds * 1000;
  while (now() < end) {
    await wait(asked.interval, signal);
    if (signal.aborted) return { state: "cancelled" };
    try {
      const claimed = await ask<{ state: string; key?: string }>("pairings/claim", { ticket: asked.ticket });
      if (claimed.state === "approved" && claimed.key !== undefined)
        return { state: "approved", key: claimed.key };
      if (claimed.state === "refused" || claimed.state === "over") return { state: claimed.state };
    } catch (error) {
      // A hub that is away for a moment, or that wants to be asked less often: the code is still good.
      if (error instanceof Refused && error.code !== "rate_limited") return failure(error);
    }
  }
  return { state: "over" };
}

function failure(error: unknown): Ending {
  if (error instanceof Refused) return { state: "failed", code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { state: "failed", code: "unreachable", message };
}
