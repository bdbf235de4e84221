/** What a command is given and what it gives back. Types only. */

import { type CallPiece } from "../host/calls.js";
import { type ErrorInfo } from "../host/failure.js";
import { type ToolCall } from "../host/history.js";
import { type Usage } from "../host/tap.js";

export type StreamKind =
  "reply" | "regenerate" | "swipe" | "continue" | "impersonate" | "quiet" | "raw" | "detached";

export type EndReason = "stop" | "length" | "cancelled" | "error" | "tool_calls";

export interface StreamFinish {
  text: string;
  reason: EndReason;
  reasoning?: string;
  error?: ErrorInfo;
  usage?: Usage;
  tool_calls?: ToolCall[];
  /** Index in the open chat of the message that it became. */
  message_index?: number;
  character?: string;
}

/** The stream of a text that does not appear in the open chat. */
export interface OpenStream {
  delta(text: string, channel?: "text" | "reasoning", replace?: boolean): void;
  toolCall(piece: CallPiece): void;
  end(finish: StreamFinish): void;
}

/** “The next visible generation is this request's.” */
export interface VisibleClaim {
  /** Exactly once, when the generation is over and the chat has been looked at. */
  settle(finish: StreamFinish): void;
}

export interface CommandCall {
  requestId: string;
  /** Aborted when the hub cancels the command or the session is lost. */
  signal: AbortSignal;
  /** Member id of the program that ran it by name: it marks what it puts into a chat. */
  by?: string;
  openStream(info: { kind: StreamKind; character?: string }): OpenStream;
  claimVisible(kind: StreamKind): VisibleClaim;
}

export type Lane = "visible" | "detached" | "immediate";

export type CommandHandler = (args: unknown, call: CommandCall) => Promise<unknown>;

export interface CommandEntry {
  lane: Lane;
  run: CommandHandler;
}

/** A lane that depends on the arguments: `generate` with `mode: "detached"` runs beside the others. */
export interface CommandChoice {
  lane: (args: unknown) => Lane;
  run: CommandHandler;
}

export type CommandTable = ReadonlyMap<string, CommandEntry | CommandChoice>;

export type Outcome = { ok: true; result: unknown } | { ok: false; error: ErrorInfo };

/** Result of a command that generated text. */
export interface GenerationResult {
  text: string;
  reason: EndReason;
  reasoning?: string;
  character?: string;
  usage?: Usage;
  tool_calls?: ToolCall[];
  message_index?: number;
  chat_id?: string;
  /** The answer as JSON, where a schema was asked for. */
  data?: unknown;
}
