import { COMMANDS } from "@tavernlink/client";
import { expect, it } from "vitest";

import { NOUNS } from "../../src/commands/table.js";

it("knows every command of the catalogue, once, on the lane that it has there", () => {
  const entries = NOUNS.flatMap((noun) =>
    Object.entries(noun).map(([name, { lane }]) => [name, lane] as const),
  );
  expect(new Set(entries.map(([name]) => name)).size).toBe(entries.length);
  expect(Object.fromEntries(entries)).toEqual(
    Object.fromEntries(Object.entries(COMMANDS).map(([name, { lane }]) => [name, lane])),
  );
});
