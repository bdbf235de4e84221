import { expect, test } from "vitest";

import { fitting, MOST_BYTES, read } from "../src/hub/attachments.js";

test("what fits beside what is chosen is taken, the rest is named", () => {
  const chosen = [{ size: MOST_BYTES - 100 }];
  const [small, large, last] = [{ size: 60 }, { size: 50 }, { size: 40 }];
  expect(fitting(chosen, [small, large, last])).toEqual({ taken: [small, last], left: [large] });
  expect(fitting([], [])).toEqual({ taken: [], left: [] });
});

test("a file becomes base64 with its name and type, a large one too", async () => {
  const bytes = Uint8Array.from({ length: 100_001 }, (_, at) => at % 256);
  const { name, type, data } = await read(new File([bytes], "map.bin"));
  expect([name, type]).toEqual(["map.bin", "application/octet-stream"]);
  expect(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))).toEqual(bytes);
});
