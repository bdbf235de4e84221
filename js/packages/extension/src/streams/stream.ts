/** One stream on the wire: `stream.start`, deltas with `seq`, one `stream.end`. */

import type {
  Channel,
  EndReason,
  ErrorInfo,
  StreamEnd,
  StreamKind,
  StreamStart,
  StreamToolCall,
  ToolCall,
  Usage,
} from "@tavernlink/client";

import type { CallPiece } from "../host/calls.js";
import type { Outlet } from "../outlet.js";

export interface StreamInfo {
  kind: StreamKind;
  requestId?: string;
  character?: string;
}

export interface Finish {
  text: string;
  reason: EndReason;
  reasoning?: string;
  error?: ErrorInfo;
  usage?: Usage;
  tool_calls?: ToolCall[];
  message_index?: number;
}

/** The protocol's bounds of one delta's and of a final text, in characters. */
const MAX_DELTA = 200_000;
const MAX_TEXT = 4_000_000;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Unique for ever, and short, since every delta carries it: 96 random bits. */
export function makeStreamId(): string {
  let id = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) id += ALPHABET.charAt(byte & 63);
  return id;
}

export class Stream {
  readonly id = makeStreamId();
  private seq = 0;
  private sent = "";
  private sentReasoning = "";
  private readonly calls: (CallPiece | undefined)[] = [];
  private over = false;
  private readonly start: StreamStart;

  constructor(
    private readonly outlet: Outlet,
    info: StreamInfo,
  ) {
    this.start = { stream_id: this.id, kind: info.kind };
    if (info.requestId !== undefined) this.start.request_id = info.requestId;
    if (info.character !== undefined) this.start.character = info.character.slice(0, 200);
    outlet.send("stream.start", this.start);
  }

  /** A new session with the hub: the same stream once more, with the text so far, and on from there. */
  restart(): void {
    if (this.over) return;
    this.outlet.send("stream.start", this.start);
    if (this.sentReasoning !== "") this.delta(this.sentReasoning, "reasoning", true);
    if (this.sent !== "") this.delta(this.sent, "text", true);
    for (const call of this.calls) if (call !== undefined) this.sendCall(call, true);
  }

  /** The text that the deltas made so far. */
  get text(): string {
    return this.sent;
  }

  /** The hot path: called with every token. */
  delta(text: string, channel: Channel = "text", replace = false): void {
    if (this.over || (text === "" && !replace)) return;
    if (text.length > MAX_DELTA) {
      this.delta(text.slice(0, MAX_DELTA), channel, replace);
      this.delta(text.slice(MAX_DELTA), channel);
      return;
    }
    this.seq += 1;
    if (channel === "text") this.sent = replace ? text : this.sent + text;
    else this.sentReasoning = replace ? text : this.sentReasoning + text;
    this.outlet.send("stream.delta", {
      stream_id: this.id,
      seq: this.seq,
      text,
      ...(channel === "text" ? {} : { channel }),
      ...(replace ? { replace } : {}),
    });
  }

  /** A piece of a tool call that the model asks for. */
  toolCall(piece: CallPiece): void {
    if (this.over) return;
    const { index } = piece;
    const before = this.calls[index];
    this.calls[index] =
      before === undefined ? piece : { ...before, arguments: before.arguments + piece.arguments };
    for (let at = 0; at === 0 || at < piece.arguments.length; at += MAX_DELTA) {
      const part = piece.arguments.slice(at, at + MAX_DELTA);
      this.sendCall(at === 0 ? { ...piece, arguments: part } : { index, arguments: part }, false);
    }
  }

  private sendCall(piece: CallPiece, replace: boolean): void {
    this.seq += 1;
    const content: StreamToolCall = { stream_id: this.id, seq: this.seq, ...piece };
    if (replace) content.replace = true;
    this.outlet.send("stream.tool_call", content);
  }

  /** The end, once. Text that never went out as a delta (a reply that was not streamed) goes out before it. */
  end(finish: Finish): void {
    if (this.over) return;
    const text = finish.text.slice(0, MAX_TEXT);
    if (finish.reasoning !== undefined) this.complete("reasoning", this.sentReasoning, finish.reasoning);
    this.complete("text", this.sent, text);
    this.over = true;
    const end: StreamEnd = { stream_id: this.id, seq: this.seq, text, reason: finish.reason };
    if (finish.reasoning !== undefined && finish.reasoning !== "")
      end.reasoning = finish.reasoning.slice(0, MAX_TEXT);
    if (finish.error !== undefined) end.error = finish.error;
    if (finish.usage !== undefined) end.usage = finish.usage;
    if (finish.tool_calls !== undefined) end.tool_calls = finish.tool_calls;
    if (finish.message_index !== undefined && finish.message_index >= 0)
      end.message_index = finish.message_index;
    this.outlet.send("stream.end", end);
  }

  private complete(channel: Channel, sent: string, text: string): void {
    if (text.length > sent.length && text.startsWith(sent)) this.delta(text.slice(sent.length), channel);
  }
}
