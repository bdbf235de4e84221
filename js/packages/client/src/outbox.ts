/**
 * What a tavern sent, or will send, and the hub has not confirmed yet.
 *
 * Counting is implicit (docs/adr): the n-th entry of a session is event number n on both sides, so an entry that may
 * have been on the wire must never change. Only the tail that was never written can still be made smaller.
 *
 * Bounds: entries and characters. Overflow policy, in this order: deltas of one stream that still wait are merged as
 * they come (while offline); past the bounds the session is given up (`overflowed`), which the owner answers with a
 * new session and fresh snapshots. Outcomes of commands survive even that: they are the only events that cannot be
 * made again.
 */

import type { Messages, StreamDelta, TavernSends } from "./generated/protocol.js";

export interface OutboxLimits {
  entries: number;
  /** Approximate size in characters. */
  size: number;
}

export interface Entry<Type extends TavernSends = TavernSends> {
  type: Type;
  content: Messages[Type];
  size: number;
}

const FIXED_SIZE = 60;

/** About the entry's weight on the wire, without building the JSON of a large content twice. */
function weigh(type: TavernSends, content: Messages[TavernSends]): number {
  if (type === "stream.delta") return FIXED_SIZE + (content as StreamDelta).text.length;
  return FIXED_SIZE + JSON.stringify(content).length;
}

export class Outbox {
  private entries: Entry[] = [];
  /** Events of this session that were confirmed and dropped. */
  private base = 0;
  /** How many of `entries` were written to the line in this session. */
  private written = 0;
  private total = 0;

  constructor(readonly limits: OutboxLimits = { entries: 20_000, size: 8_000_000 }) {}

  get length(): number {
    return this.entries.length;
  }

  /** About how many characters wait for confirmation. */
  get size(): number {
    return this.total;
  }

  get unwritten(): number {
    return this.entries.length - this.written;
  }

  get overflowed(): boolean {
    return this.entries.length > this.limits.entries || this.total > this.limits.size;
  }

  /** Add an event to the end. Returns false where it was merged into a delta that still waits. */
  push<Type extends TavernSends>(type: Type, content: Messages[Type]): boolean {
    if (type === "stream.delta" && this.merge(content as StreamDelta)) return false;
    const entry = { type, content, size: weigh(type, content) };
    this.entries.push(entry);
    this.total += entry.size;
    return true;
  }

  /** Write what was not written yet, in order. */
  flush(write: (entry: Entry) => void): void {
    while (this.written < this.entries.length) {
      const entry = this.entries[this.written];
      this.written += 1;
      if (entry !== undefined) write(entry);
    }
  }

  /** The hub has received `count` events of this session. */
  confirm(count: number): void {
    const drop = Math.min(count - this.base, this.written);
    if (drop <= 0) return;
    for (const entry of this.entries.splice(0, drop)) this.total -= entry.size;
    this.base += drop;
    this.written -= drop;
  }

  /** The session goes on over a new line: what the hub has not received is written again. */
  resume(count: number): void {
    this.confirm(count);
    this.written = 0;
  }

  /** A new session: counters start at 0, and all but outcomes of commands is dropped. */
  restart(): void {
    this.entries = this.entries.filter((entry) => entry.type === "command.done");
    this.total = this.entries.reduce((sum, entry) => sum + entry.size, 0);
    this.base = 0;
    this.written = 0;
  }

  clear(): void {
    this.entries = [];
    this.restart();
  }

  /** Join a delta to the one before it where that is the newest entry, of the same stream and channel, and unwritten. */
  private merge(delta: StreamDelta): boolean {
    if (this.unwritten === 0) return false;
    const last = this.entries[this.entries.length - 1];
    if (last?.type !== "stream.delta") return false;
    const before = last.content as StreamDelta;
    if (before.stream_id !== delta.stream_id || (before.channel ?? "text") !== (delta.channel ?? "text"))
      return false;
    const merged =
      delta.replace === true ? delta : { ...before, seq: delta.seq, text: before.text + delta.text };
    last.content = merged;
    this.total += merged.text.length - before.text.length;
    last.size += merged.text.length - before.text.length;
    return true;
  }
}
