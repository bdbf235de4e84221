import { describe, expect, it } from "vitest";

import { ToolCalls, type CallPiece } from "../../src/host/calls.js";

function take(...lines: object[]): { calls: ToolCalls; pieces: CallPiece[] } {
  const pieces: CallPiece[] = [];
  const calls = new ToolCalls((piece) => pieces.push(piece));
  for (const line of lines) calls.take(line as Record<string, unknown>);
  return { calls, pieces };
}

const delta = (...calls: object[]): object => ({ choices: [{ delta: { tool_calls: calls } }] });
const call = (id: string, name: string, args: string): object => ({
  id,
  type: "function",
  function: { name, arguments: args },
});

describe("tool calls of a stream", () => {
  it("are joined by their index, in OpenAI's form", () => {
    const { calls, pieces } = take(
      delta({ index: 0, id: "a", function: { name: "roll", arguments: "" } }),
      delta({ index: 0, function: { arguments: '{"si' } }),
      delta({ index: 1, id: "b", function: { name: "look", arguments: "" } }),
      delta({ index: 0, function: { arguments: 'des":6}' } }),
    );
    expect(calls.all).toEqual([call("a", "roll", '{"sides":6}'), call("b", "look", "{}")]);
    expect(pieces).toEqual([
      { index: 0, id: "a", name: "roll", arguments: "" },
      { index: 0, arguments: '{"si' },
      { index: 1, id: "b", name: "look", arguments: "" },
      { index: 0, arguments: 'des":6}' },
    ]);
  });

  it("keep one id and one name where every piece repeats them", () => {
    const piece = { index: 0, id: "a", function: { name: "roll", arguments: "{" } };
    const { calls } = take(delta(piece), delta({ ...piece, function: { name: "roll", arguments: "}" } }));
    expect(calls.all).toEqual([call("a", "roll", "{}")]);
  });

  it("are read in Claude's form", () => {
    const { calls, pieces } = take(
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Let me see." } },
      {
        type: "content_block_start",
        index: 1,
        content_block: { type: "tool_use", id: "t1", name: "roll", input: {} },
      },
      {
        type: "content_block_delta",
        index: 1,
        delta: { type: "input_json_delta", partial_json: '{"sides":' },
      },
      { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: "6}" } },
    );
    expect(calls.all).toEqual([call("t1", "roll", '{"sides":6}')]);
    expect(pieces.map(({ index }) => index)).toEqual([0, 0, 0]);
  });

  it("are read in Gemini's form, with the signature of its thoughts", () => {
    const part = (name: string): object => ({
      functionCall: { name, args: { n: 1 } },
      thoughtSignature: "s",
    });
    const { calls } = take({ candidates: [{ content: { parts: [part("roll"), part("roll")] } }] });
    expect(calls.all.map((each) => each.function)).toEqual([
      { name: "roll", arguments: '{"n":1}' },
      { name: "roll", arguments: '{"n":1}' },
    ]);
    expect(new Set(calls.all.map(({ id }) => id)).size).toBe(2);
    expect(calls.all[0]?.extra_content).toEqual({ google: { thought_signature: "s" } });
  });

  it("are read in Cohere's form", () => {
    const { calls } = take(
      { type: "tool-call-start", index: 0, delta: { message: { tool_calls: call("c", "roll", "") } } },
      {
        type: "tool-call-delta",
        index: 0,
        delta: { message: { tool_calls: { function: { arguments: "{}" } } } },
      },
    );
    expect(calls.all).toEqual([call("c", "roll", "{}")]);
  });
});

describe("tool calls of a whole answer", () => {
  it.each([
    ["OpenAI's", { choices: [{ message: { tool_calls: [call("a", "roll", '{"n":1}')] } }] }],
    [
      "Claude's",
      {
        content: [
          { type: "text", text: "x" },
          { type: "tool_use", id: "a", name: "roll", input: { n: 1 } },
        ],
      },
    ],
    ["Cohere's", { message: { tool_calls: [call("a", "roll", '{"n":1}')] } }],
  ])("are read in %s form", (_, answer) => {
    expect(take(answer).calls.all).toEqual([call("a", "roll", '{"n":1}')]);
  });
});
