/** The one error class of the client: a stable code that programs compare, and a sentence for a person. */

import type { ErrorCode, ErrorInfo } from "./generated/protocol.js";

/** A code of this version, or one that a newer hub made. */
export type AnyErrorCode = ErrorCode | (string & {});

export class TavernlinkError extends Error {
  override readonly name = "TavernlinkError";

  constructor(
    readonly code: AnyErrorCode,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }

  static from(info: ErrorInfo): TavernlinkError {
    return new TavernlinkError(info.code, info.message, info.details);
  }
}
