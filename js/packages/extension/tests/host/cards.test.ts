import { describe, expect, it } from "vitest";

import { before, changes, contains, readCard } from "../../src/host/cards.js";
import type { STCharacter } from "../../src/host/context.js";

const WREN: STCharacter = {
  name: "Wren",
  avatar: "Wren.png",
  description: "old",
  creatorcomment: "For rivers.",
  talkativeness: "0.8",
  data: {
    description: "Knows every ford.",
    tags: "river, ferry",
    alternate_greetings: ["Hop in.", 7],
    extensions: {
      world: "Rivers",
      fav: true,
      depth_prompt: { prompt: "Wren is brisk.", depth: 2, role: "narrator" },
      other: { kept: true },
    },
  },
};

describe("reading a card", () => {
  it("takes V2's fields before V1's, and SillyTavern's own out of the extensions", () => {
    expect(readCard(WREN)).toMatchObject({
      name: "Wren",
      description: "Knows every ford.",
      creator_notes: "For rivers.",
      alternate_greetings: ["Hop in."],
      tags: ["river", "ferry"],
      talkativeness: 0.8,
      world: "Rivers",
      depth_prompt: { prompt: "Wren is brisk.", depth: 2, role: "system" },
      character_book: null,
      extensions: { other: { kept: true } },
    });
  });

  it("reads a card of the first kind, and one with nothing on it", () => {
    expect(readCard({ name: "A", avatar: "a.png", description: "V1" })).toMatchObject({
      description: "V1",
      talkativeness: 0.5,
      depth_prompt: { depth: 4 },
      extensions: {},
    });
  });
});

describe("changing a card", () => {
  it("writes both kinds of fields, and only what is given", () => {
    expect(
      changes({ description: "new", creator_notes: "N", system_prompt: null, favourite: false }),
    ).toEqual({
      description: "new",
      creatorcomment: "N",
      fav: false,
      data: { description: "new", creator_notes: "N", extensions: { fav: false } },
    });
    expect(changes({ world: "", depth_prompt: { prompt: "x" } })).toEqual({
      data: { extensions: { world: "", depth_prompt: { prompt: "x" } } },
    });
    expect(changes({ personality: undefined, avatar: null })).toBeUndefined();
  });

  it("can be undone: what was there, field by field", () => {
    const laid = changes({ description: "new", extensions: { other: { kept: false, more: 1 } } }) ?? {};
    expect(before(WREN, laid)).toEqual({
      description: "old",
      data: { description: "Knows every ford.", extensions: { other: { kept: true, more: null } } },
    });
  });
});

it("is found by its texts, its note and its tags, whatever the capitals", () => {
  for (const wanted of ["ford", "brisk", "FERRY", "Shallow"])
    expect(contains(WREN, wanted.toLowerCase(), ["Shallows"])).toBe(true);
  expect(contains(WREN, "desert", [])).toBe(false);
});
