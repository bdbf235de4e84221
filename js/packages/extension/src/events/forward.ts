/**
 * SillyTavern's own events, forwarded by their own names to whoever subscribed. Nothing is listened to otherwise.
 *
 * `stream_token_received` carries the whole text so far with every token: it is forwarded only where it is asked for
 * by its exact name, since `stream.delta` says the same in a fraction of the bytes.
 */

import type { STContext, STListener } from "../host/context.js";
import type { Outlet } from "../outlet.js";
import { globMatch, isPlain } from "./globs.js";
import { safeArguments } from "./safe.js";

/** Emitted by SillyTavern, but missing in its list. */
const UNLISTED = ["groupSelected"];
const BY_NAME_ONLY = new Set(["stream_token_received"]);

export class EventForward {
  private readonly active = new Map<string, STListener>();

  constructor(
    private readonly read: () => STContext,
    private readonly outlet: Outlet,
  ) {}

  /** Listen to what these globs ask for, and to nothing else. */
  want(globs: readonly string[]): void {
    const { eventSource, eventTypes } = this.read();
    const names = this.matching(globs);
    for (const [name, listener] of [...this.active]) {
      if (names.has(name)) continue;
      eventSource.removeListener(name, listener);
      this.active.delete(name);
    }
    for (const name of names) {
      if (this.active.has(name)) continue;
      const listener = (...args: unknown[]): void => {
        this.outlet.send("event", { name, args: safeArguments(args) });
      };
      this.active.set(name, listener);
      // These two fire at once for who comes late; that would be old news.
      if (name === eventTypes["APP_READY"] || name === eventTypes["APP_INITIALIZED"]) continue;
      eventSource.on(name, listener);
    }
  }

  private matching(globs: readonly string[]): Set<string> {
    const { eventSource, eventTypes } = this.read();
    const wanted = globs.filter((glob) => glob.length > 0 && glob.length <= 200);
    const match = globMatch(wanted);
    const known = [...Object.values(eventTypes), ...Object.keys(eventSource.events ?? {}), ...UNLISTED];
    const names = new Set(known.filter((name) => match(name) && !BY_NAME_ONLY.has(name)));
    // A name that nobody uses yet: another extension may emit it later.
    for (const name of wanted) if (isPlain(name)) names.add(name);
    return names;
  }
}
