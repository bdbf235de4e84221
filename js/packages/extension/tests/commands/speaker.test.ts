import { expect, it } from "vitest";

import { asides, speaker } from "../../src/commands/speaker.js";

it("reads a name, or a name with a description and a picture", () => {
  expect(speaker({})).toBeUndefined();
  expect(speaker({ as: null })).toBeUndefined();
  expect(speaker({ as: "Alice" })).toEqual({ name: "Alice" });
  const persona = { name: "Alice", description: "A mage.", avatar: "data:image/png;base64,AA==" };
  expect(speaker({ as: persona })).toEqual(persona);
});

it.each([[7], [[]], [{}], [{ name: " \n" }], ["{{}}"]])("refuses a speaker without a name: %j", (as) => {
  expect(() => speaker({ as })).toThrow(expect.objectContaining({ code: "invalid_message" }) as Error);
});

it("reads the texts that go beside a turn", () => {
  expect(asides({})).toEqual([]);
  expect(asides({ context: [{ name: "plot", text: "t", depth: 2, role: "user" }, { text: "u" }] })).toEqual([
    { name: "plot", text: "t", depth: 2, role: "user" },
    { name: "", text: "u", role: "system" },
  ]);
});
