/**
 * Ways to SillyTavern's server. A browser opens at most six connections to one HTTP/1.1 server, so six streams would
 * leave none for a chat's save or a token count: the person's page would hang until one ends.
 *
 * - The page's own connections: all but one are used, the one is left to SillyTavern.
 * - The annex: an invisible `<iframe credentialless>` of the same origin. Browsers that have these (Chromium) give them
 *   connections, and cookies, of their own: six more, and none of them the person's. Its session is a fresh one, so it
 *   is used only when SillyTavern's server takes that for the same user (a server without log-in).
 *
 * Over HTTP/2 one connection carries everything and no annex is needed.
 */

export interface Carrier {
  /** Requests that may be under way at once. */
  readonly limit: number;
  readonly fetch: typeof fetch;
}

const HTTP1_CONNECTIONS = 6;
const MULTIPLEXED_LIMIT = 64;
const OPEN_LIMIT_MS = 10_000;

/** The carriers of this page, the preferred one first. */
export async function openCarriers(page: Document = document): Promise<Carrier[]> {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  const own: typeof fetch = (input, init) => globalThis.fetch(input, init);
  if (navigation?.nextHopProtocol === "h2" || navigation?.nextHopProtocol === "h3") {
    return [{ limit: MULTIPLEXED_LIMIT, fetch: own }];
  }
  const direct = { limit: HTTP1_CONNECTIONS - 1, fetch: own };
  const annex = await openAnnex(page);
  return annex === null ? [direct] : [{ limit: HTTP1_CONNECTIONS, fetch: annex }, direct];
}

async function openAnnex(page: Document): Promise<typeof fetch | null> {
  const frame = page.createElement("iframe") as HTMLIFrameElement & { credentialless?: boolean };
  if (!("credentialless" in frame)) return null;
  try {
    // Without credentials the browser never shows a log-in dialog, as a frame would where HTTP log-in is on.
    if (!(await fetch("/csrf-token", { credentials: "omit" })).ok) return null;
    frame.credentialless = true;
    frame.hidden = true;
    frame.title = "Tavernlink";
    // A real address: a blank frame shares the page's connections.
    frame.src = "/csrf-token";
    const loaded = new Promise<void>((resolve, reject) => {
      frame.addEventListener(
        "load",
        () => {
          resolve();
        },
        { once: true },
      );
      setTimeout(() => {
        reject(new Error("The frame did not load."));
      }, OPEN_LIMIT_MS);
    });
    page.body.append(frame);
    await loaded;
    const inside = frame.contentWindow as (Window & typeof globalThis) | null;
    if (inside === null) throw new Error("The frame has no window.");
    const token = await tokenOf(inside.fetch.bind(inside));
    if ((await userOf(inside.fetch.bind(inside), token)) !== (await userOf(fetch, undefined))) {
      throw new Error("The frame is somebody else.");
    }
    return annexFetch(inside, token);
  } catch {
    frame.remove();
    return null;
  }
}

async function tokenOf(send: typeof fetch): Promise<string> {
  const { token } = (await (await send("/csrf-token")).json()) as { token: string };
  return token;
}

async function userOf(send: typeof fetch, token: string | undefined): Promise<string> {
  const answer = await send(
    "/api/users/me",
    token === undefined ? {} : { headers: { "X-CSRF-Token": token } },
  );
  const { handle } = (await answer.json()) as { handle?: unknown };
  if (typeof handle !== "string") throw new Error("SillyTavern named no user.");
  return handle;
}

/** Sends through the frame with its own token; through the page when the frame's session is no longer accepted. */
function annexFetch(inside: Window & typeof globalThis, token: string): typeof fetch {
  let accepted = true;
  return async (input, init) => {
    if (accepted && !inside.closed) {
      const headers = new Headers(init?.headers);
      headers.set("X-CSRF-Token", token);
      const answer = await inside.fetch(input, { ...init, headers: [...headers] });
      if (answer.status !== 403) return answer;
      accepted = false;
    }
    return globalThis.fetch(input, init);
  };
}
