import { describe, expect, it } from "vitest";

import type { PromptMessage } from "../../src/host/history.js";
import { Rounds } from "../../src/host/rounds.js";

const user: PromptMessage = { role: "user", content: "Roll {{user}}!" };
const calling: PromptMessage = {
  role: "assistant",
  content: "Let me see.",
  tool_calls: [
    { id: "a", type: "function", function: { name: "roll", arguments: '{"sides":6}' } },
    { id: "b", type: "function", function: { name: "look", arguments: "" } },
  ],
};
const results: PromptMessage[] = [
  { role: "tool", tool_call_id: "a", content: "4" },
  { role: "tool", tool_call_id: "b", content: [{ type: "text", text: "dark" }] },
];
const history = [user, calling, ...results];

const SPOKEN_CALLS = [
  { id: "a", type: "function", function: { name: "roll", arguments: '{"sides":6}' } },
  { id: "b", type: "function", function: { name: "look", arguments: "{}" } },
];
const SPOKEN_RESULTS = [
  { role: "tool", content: "4", tool_call_id: "a" },
  { role: "tool", content: "dark", tool_call_id: "b" },
];

describe("a round of tools", () => {
  it("is one entry of the history that says all that is in it", () => {
    const { folded } = new Rounds(history);
    expect(folded).toHaveLength(2);
    expect(folded[0]).toBe(user);
    expect(folded[1]?.role).toBe("system");
    for (const part of ["Let me see.", 'roll {"sides":6}', "4", "dark"])
      expect(folded[1]?.content).toContain(part);
  });

  it("is what it was in the finished prompt, whatever was written around its entry", () => {
    const rounds = new Rounds(history);
    const built = [
      { role: "user", content: "Roll!" },
      { role: "system", content: `Seraphina: ${rounds.folded[1]?.content as string}` },
      { role: "system", content: "Author's note" },
    ];
    expect(rounds.unfold(built, "custom")).toEqual([
      built[0],
      { role: "assistant", content: "Let me see.", tool_calls: SPOKEN_CALLS },
      ...SPOKEN_RESULTS,
      built[2],
    ]);
  });

  it("has its text before it where SillyTavern would drop it", () => {
    const rounds = new Rounds(history);
    const [text, call] = rounds.unfold([{ role: "system", content: rounds.folded[1]?.content }], "claude");
    expect(text).toEqual({ role: "assistant", content: "Let me see." });
    expect(call).toEqual({ role: "assistant", content: null, tool_calls: SPOKEN_CALLS });
  });

  it("may follow another one", () => {
    const again = { ...calling, content: null };
    const rounds = new Rounds([user, calling, ...results, again, ...results]);
    const built = rounds.folded.map(({ role, content }) => ({ role, content }));
    expect(rounds.unfold(built, "custom").map(({ role }) => role)).toEqual([
      "user",
      "assistant",
      "tool",
      "tool",
      "assistant",
      "tool",
      "tool",
    ]);
  });

  it("gives Gemini the signature of its thoughts back", () => {
    const signed = structuredClone(calling);
    if (signed.tool_calls?.[0]) signed.tool_calls[0].extra_content = { google: { thought_signature: "s" } };
    const rounds = new Rounds([user, signed, ...results]);
    const [, call] = rounds.unfold([{ role: "system", content: rounds.folded[1]?.content }], "makersuite");
    expect(call).toMatchObject({ tool_calls: [{ signature: "s" }, {}] });
  });

  it("is refused where a result follows no call, or somebody else calls", () => {
    expect(() => new Rounds([user, ...results])).toThrow(/messages\[1\]\.role/);
    expect(() => new Rounds([{ ...calling, role: "user" }, ...results])).toThrow(/messages\[0\]\.tool_calls/);
  });
});
