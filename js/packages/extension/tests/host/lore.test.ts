import { describe, expect, it } from "vitest";

import { filterAllows, fitLore, type LoreEntry } from "../../src/host/lore.js";

describe("filterAllows", () => {
  it.each([
    [undefined, true],
    [{ names: ["bob"] }, true],
    [{ names: ["other"] }, false],
    [{ names: ["bob"], isExclude: true }, false],
    [{ tags: ["t1"] }, true],
    [{ tags: ["t2"] }, false],
    [{ tags: ["t1"], isExclude: true }, false],
    [{ names: [], tags: [] }, true],
  ])("%j", (filter, allowed) => {
    expect(filterAllows(filter, "bob", ["t1"])).toBe(allowed);
  });
});

it("a lent character brings its own book and loses the open chat's", () => {
  const entry = (world: string, names?: string[]): LoreEntry => ({
    world,
    ...(names === undefined ? {} : { characterFilter: { names } }),
  });
  const lore = {
    globalLore: [entry("g"), entry("g", ["seraphina"]), entry("g", ["bob"])],
    characterLore: [entry("bob's"), entry("seraphina's extra")],
    chatLore: [entry("chat's")],
    personaLore: [entry("p")],
  };
  fitLore(lore, { name: "Bob", avatar: "bob.png", data: { extensions: { world: "bob's" } } }, []);
  expect(lore).toEqual({
    globalLore: [{ world: "g" }, { world: "g" }],
    characterLore: [{ world: "bob's" }],
    chatLore: [],
    personaLore: [{ world: "p" }],
  });
});
