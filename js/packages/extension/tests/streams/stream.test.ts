import { expect, it } from "vitest";

import { makeStreamId, Stream } from "../../src/streams/stream.js";
import { FakeOutlet } from "../fake_tavern.js";

it("numbers its deltas from 1 and names the last one in its end", () => {
  const outlet = new FakeOutlet();
  const stream = new Stream(outlet, { kind: "reply", character: "Seraphina", requestId: "r" });
  stream.delta("a", "reasoning");
  stream.delta("b");
  stream.end({ text: "b", reason: "stop", message_index: 3 });
  const stream_id = stream.id;
  expect(outlet.sent).toEqual([
    ["stream.start", { stream_id, kind: "reply", character: "Seraphina", request_id: "r" }],
    ["stream.delta", { stream_id, seq: 1, text: "a", channel: "reasoning" }],
    ["stream.delta", { stream_id, seq: 2, text: "b" }],
    ["stream.end", { stream_id, seq: 2, text: "b", reason: "stop", message_index: 3 }],
  ]);
});

it("ends once, and says nothing after", () => {
  const outlet = new FakeOutlet();
  const stream = new Stream(outlet, { kind: "reply" });
  stream.end({ text: "", reason: "cancelled" });
  stream.delta("late");
  stream.end({ text: "again", reason: "stop" });
  expect(outlet.sent).toHaveLength(2);
});

it("gives a reply that was not streamed as one delta before its end", () => {
  const outlet = new FakeOutlet();
  new Stream(outlet, { kind: "reply" }).end({ text: "whole", reason: "stop", reasoning: "why" });
  expect(outlet.contents("stream.delta").map(({ text, channel }) => [text, channel])).toEqual([
    ["why", "reasoning"],
    ["whole", undefined],
  ]);
});

it("leaves the end to correct text that was trimmed", () => {
  const outlet = new FakeOutlet();
  const stream = new Stream(outlet, { kind: "reply" });
  stream.delta("Hello \n");
  stream.end({ text: "Hello", reason: "stop" });
  expect(outlet.contents("stream.delta")).toHaveLength(1);
  expect(outlet.contents("stream.end")[0]?.text).toBe("Hello");
});

it("cuts a delta that is longer than the protocol allows into several", () => {
  const outlet = new FakeOutlet();
  const text = "x".repeat(450_000);
  const stream = new Stream(outlet, { kind: "reply" });
  stream.delta(text, "text", true);
  const deltas = outlet.contents("stream.delta");
  expect(deltas.map(({ seq, replace }) => [seq, replace])).toEqual([
    [1, true],
    [2, undefined],
    [3, undefined],
  ]);
  expect(deltas.map((delta) => delta.text).join("")).toBe(text);
});

it("adds less than 150 bytes to the text of a delta", () => {
  const outlet = new FakeOutlet();
  const stream = new Stream(outlet, { kind: "reply" });
  for (let token = 0; token < 2000; token += 1) stream.delta("x");
  const bytes = JSON.stringify(["stream.delta", outlet.contents("stream.delta").at(-1)]).length + 2 + 8;
  expect(bytes).toBeLessThan(110);
});

it("makes ids that do not repeat", () => {
  expect(new Set(Array.from({ length: 1000 }, makeStreamId)).size).toBe(1000);
});

it("tells tool calls in pieces, and whole to a hub that knows nothing of them", () => {
  const outlet = new FakeOutlet();
  const stream = new Stream(outlet, { kind: "detached" });
  stream.delta("Let me see.");
  stream.toolCall({ index: 0, id: "c", name: "roll", arguments: "" });
  stream.toolCall({ index: 0, arguments: '{"a":' });
  stream.toolCall({ index: 0, arguments: "1}" });
  const stream_id = stream.id;
  expect(outlet.contents("stream.tool_call")).toEqual([
    { stream_id, seq: 2, index: 0, id: "c", name: "roll", arguments: "" },
    { stream_id, seq: 3, index: 0, arguments: '{"a":' },
    { stream_id, seq: 4, index: 0, arguments: "1}" },
  ]);
  stream.restart();
  expect(outlet.contents("stream.tool_call").at(-1)).toEqual({
    stream_id,
    seq: 6,
    index: 0,
    id: "c",
    name: "roll",
    arguments: '{"a":1}',
    replace: true,
  });
  const calls = [{ id: "c", type: "function" as const, function: { name: "roll", arguments: '{"a":1}' } }];
  stream.end({ text: "Let me see.", reason: "tool_calls", tool_calls: calls });
  expect(outlet.contents("stream.end")[0]).toMatchObject({ reason: "tool_calls", tool_calls: calls });
});
