import { describe, expect, it } from "vitest";

import { ReplyStream } from "../../src/host/reply.js";

function run(clean: (text: string, final: boolean) => string, ...steps: string[]): [string, unknown[][]] {
  const sent: unknown[][] = [];
  const reply = new ReplyStream({ delta: (...args) => sent.push(args) }, clean);
  for (const step of steps) reply.progress(step, "");
  return [reply.finish(steps.at(-1) ?? ""), sent];
}

describe("ReplyStream", () => {
  it("sends what is new", () => {
    expect(run((text) => text, "a", "ab", "abc")).toEqual(["abc", [["a"], ["b"], ["c"]]]);
  });

  it("keeps back what the clean-up takes away and may give back", () => {
    const clean = (text: string): string => text.replace(/\nUser?$/, "");
    expect(run(clean, "Hi", "Hi\nUse", "Hi\nUseful")).toEqual(["Hi\nUseful", [["Hi"], ["\nUseful"]]]);
  });

  it("replaces only when the end differs from what was sent", () => {
    const clean = (text: string, final: boolean): string => (final ? text.slice(0, 2) : text);
    expect(run(clean, "abcd")).toEqual(["ab", [["abcd"], ["ab", "text", true]]]);
  });

  it("sends thoughts on their own channel", () => {
    const sent: unknown[][] = [];
    const reply = new ReplyStream({ delta: (...args) => sent.push(args) }, (text) => text);
    reply.progress("", "hm");
    reply.progress("", "hmm");
    reply.progress("yes", "hmm");
    expect(sent).toEqual([["hm", "reasoning"], ["m", "reasoning"], ["yes"]]);
  });
});
