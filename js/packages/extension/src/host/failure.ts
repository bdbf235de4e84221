/** An error with a stable code, as it goes over the wire. The codes are those of `tavernlink/errors.py`. */

export interface ErrorInfo {
  code: string;
  message: string;
  details?: Record<string, unknown>;
}

export class HostError extends Error {
  override readonly name = "HostError";

  constructor(
    readonly code: string,
    message: string,
    readonly details?: Record<string, unknown>,
  ) {
    super(message);
  }

  get info(): ErrorInfo {
    return {
      code: this.code,
      message: this.message,
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}

/** Whatever was thrown, as an ErrorInfo; `fallback` is the code of what has none of its own. */
export function errorInfo(thrown: unknown, fallback = "command_failed"): ErrorInfo {
  if (thrown instanceof HostError) return thrown.info;
  if (thrown instanceof DOMException && thrown.name === "AbortError") {
    return { code: "cancelled", message: "The request was cancelled." };
  }
  return { code: fallback, message: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** Throws `cancelled` once the request was given up. */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new HostError("cancelled", "The request was cancelled.");
}
