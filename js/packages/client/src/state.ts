/** The states of a connection, and what ends it for good. */

import type { Welcome } from "./generated/protocol.js";

export type ConnectionState =
  /** Not asked to connect, or told to disconnect. */
  | { readonly name: "idle" }
  /** A try is under way. */
  | { readonly name: "connecting" }
  /** The hub said `welcome`. */
  | { readonly name: "online"; readonly welcome: Welcome }
  /** The line is down; the next try comes at `retryAt` (milliseconds since 1970). */
  | { readonly name: "waiting"; readonly retryAt: number; readonly code: string; readonly message: string }
  /** The hub will not have us, and trying again unchanged cannot help. */
  | { readonly name: "refused"; readonly code: string; readonly message: string };

/** Reasons after which only a person can help. Everything else is tried again, for ever. */
const FINAL: ReadonlySet<string> = new Set([
  "unauthorized",
  "key_revoked",
  "key_expired",
  "forbidden",
  "origin_refused",
  "protocol_unsupported",
  "invalid_auth",
  "replaced",
]);

export function isFinal(code: string): boolean {
  return FINAL.has(code);
}
