/** Tavernlink's JavaScript client: protocol types, the connection, and a small API for apps. No DOM. */

export type * from "./generated/protocol.js";
export type * from "./generated/commands.js";
export { COMMANDS } from "./generated/commands.js";
export { PROTOCOL_VERSION, UNCOUNTED } from "./generated/protocol.js";
export { parseAddress, type Address } from "./address.js";
export { Backoff, type BackoffLimits } from "./backoff.js";
export { Connection, type ConnectionOptions, type SessionStart } from "./connection.js";
export {
  customMessage,
  EVERYBODY,
  isCustom,
  matcher,
  onCustom,
  targetOf,
  type CustomType,
  type ReceivedMessage,
  type To,
} from "./custom.js";
export { TavernlinkError, type AnyErrorCode } from "./errors.js";
export { Outbox, type OutboxLimits } from "./outbox.js";
export { makeId } from "./ids.js";
export { isFinal, type ConnectionState } from "./state.js";
export { connect, Hub, type HubOptions } from "./hub.js";
export type { CallOptions, FunctionContext, FunctionHandler } from "./functions.js";
export { Generation, type Delta } from "./generation.js";
export { Tavern, type RunOptions } from "./tavern.js";
