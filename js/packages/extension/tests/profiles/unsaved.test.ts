import { expect, it } from "vitest";

import { hasUnsaved } from "../../src/profiles/unsaved.js";

const saved = {
  temperature: 1,
  openai_model: "a",
  prompts: [{ identifier: "main", content: "x" }],
  samplers: ["top_k", "min_p"],
  unknown_here: 1,
};

it("sees nothing unsaved in what SillyTavern adds when it loads a preset", () => {
  const live = {
    temperature: 1,
    openai_model: "b",
    prompts: [
      { identifier: "nsfw", system_prompt: true },
      { identifier: "main", content: "x", marker: false },
    ],
    samplers: ["top_k", "new", "min_p"],
  };
  expect(hasUnsaved(live, saved)).toBe(false);
});

it.each([
  [{ temperature: 2 }],
  [{ prompts: [{ identifier: "main", content: "y" }] }],
  [{ prompts: [] }],
  [{ prompts: [...saved.prompts, { identifier: "5f0c", content: "mine" }] }],
  [{ samplers: ["top_k"] }],
])("sees what the person did: %j", (change) => {
  expect(hasUnsaved({ ...saved, ...change }, saved)).toBe(true);
});
