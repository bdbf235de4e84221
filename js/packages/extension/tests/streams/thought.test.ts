import { expect, it } from "vitest";

import { ThoughtSplitter } from "../../src/streams/thought.js";

const MARKS = { prefix: "<think>", suffix: "</think>" };

function splitAll(whole: string, trim = true): { text: string; reasoning: string }[] {
  const splitter = new ThoughtSplitter(MARKS, trim);
  return Array.from(whole, (_, index) => splitter.split(whole.slice(0, index + 1)));
}

it("tells thought from reply, character by character, without showing the marks", () => {
  const steps = splitAll("<think>Hm, so.</think>\n\nHello!");
  expect(steps.at(-1)).toEqual({ text: "Hello!", reasoning: "Hm, so." });
  for (const { text, reasoning } of steps) {
    expect("Hello!".startsWith(text)).toBe(true);
    expect("Hm, so.".startsWith(reasoning)).toBe(true);
  }
});

it("leaves a reply without thoughts alone, also one that begins like a mark", () => {
  expect(splitAll("Hello").map(({ text }) => text)).toEqual(["H", "He", "Hel", "Hell", "Hello"]);
  expect(splitAll("<thin ice>").at(-1)).toEqual({ text: "<thin ice>", reasoning: "" });
});

it("keeps a thought that is never closed as a thought", () => {
  expect(splitAll("<think>and so on").at(-1)).toEqual({ text: "", reasoning: "and so on" });
});

it("keeps white space where the person does not trim it", () => {
  expect(splitAll("<think> a </think> b", false).at(-1)).toEqual({ text: " b", reasoning: " a " });
});
