import { describe, expect, it } from "vitest";

import type { StreamDelta } from "../src/index.js";
import { Outbox, type Entry } from "../src/outbox.js";

const delta = (seq: number, text: string, more: Partial<StreamDelta> = {}): StreamDelta => ({
  stream_id: "x",
  seq,
  text,
  ...more,
});

function flushed(outbox: Outbox): unknown[] {
  const contents: unknown[] = [];
  outbox.flush(({ content }: Entry) => contents.push(content));
  return contents;
}

describe("merging while the line is down", () => {
  it("joins deltas of one stream and channel", () => {
    const outbox = new Outbox();
    outbox.push("stream.delta", delta(1, "a"));
    outbox.push("stream.delta", delta(2, "b"));
    outbox.push("stream.delta", delta(3, "c", { channel: "reasoning" }));
    outbox.push("stream.delta", delta(4, "d"));
    expect(flushed(outbox)).toEqual([delta(2, "ab"), delta(3, "c", { channel: "reasoning" }), delta(4, "d")]);
  });

  it("lets a replacing delta take the place of what it replaces", () => {
    const outbox = new Outbox();
    outbox.push("stream.delta", delta(1, "long text"));
    outbox.push("stream.delta", delta(2, "short", { replace: true }));
    outbox.push("stream.delta", delta(3, "er"));
    expect(flushed(outbox)).toEqual([delta(3, "shorter", { replace: true })]);
  });

  it("never touches what was written, nor moves past another event", () => {
    const outbox = new Outbox();
    outbox.push("stream.delta", delta(1, "a"));
    expect(flushed(outbox)).toEqual([delta(1, "a")]);
    outbox.push("stream.delta", delta(2, "b"));
    outbox.push("stream.end", { stream_id: "x", seq: 2, text: "ab", reason: "stop" });
    outbox.push("stream.delta", delta(1, "c", { stream_id: "y" }));
    expect(flushed(outbox)).toHaveLength(3);
  });
});

describe("confirming", () => {
  it("forgets what the hub has, and its size", () => {
    const outbox = new Outbox();
    for (let seq = 1; seq <= 5; seq += 1)
      outbox.push("stream.delta", delta(seq, "a", { stream_id: String(seq) }));
    flushed(outbox);
    outbox.confirm(3);
    expect(outbox.length).toBe(2);
    outbox.confirm(2);
    expect(outbox.length).toBe(2);
    outbox.confirm(5);
    expect(outbox.size).toBe(0);
  });

  it("does not let a hub confirm what was never written", () => {
    const outbox = new Outbox();
    outbox.push("stream.delta", delta(1, "a"));
    outbox.confirm(10);
    expect(flushed(outbox)).toHaveLength(1);
  });

  it("writes the rest again, in order, after a lost line", () => {
    const outbox = new Outbox();
    for (let seq = 1; seq <= 4; seq += 1)
      outbox.push("stream.delta", delta(seq, "a", { stream_id: String(seq) }));
    flushed(outbox);
    outbox.resume(2);
    expect(flushed(outbox)).toEqual([delta(3, "a", { stream_id: "3" }), delta(4, "a", { stream_id: "4" })]);
    outbox.confirm(4);
    expect(outbox.length).toBe(0);
  });
});

it("overflows by number and by size", () => {
  const few = new Outbox({ entries: 1, size: 1000 });
  few.push("event", { name: "a", args: [] });
  expect(few.overflowed).toBe(false);
  few.push("event", { name: "a", args: [] });
  expect(few.overflowed).toBe(true);
  const small = new Outbox({ entries: 100, size: 1000 });
  small.push("event", { name: "a", args: ["x".repeat(2000)] });
  expect(small.overflowed).toBe(true);
});
