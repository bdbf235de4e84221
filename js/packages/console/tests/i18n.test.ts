import { expect, test } from "vitest";

import { en } from "../src/i18n/en.js";
import { zh } from "../src/i18n/zh.js";

const holes = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();

test("both languages say everything, with the same holes to fill", () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  for (const [name, text] of Object.entries(en)) {
    expect(zh[name as keyof typeof en]).not.toBe("");
    expect(holes(zh[name as keyof typeof en]), name).toEqual(holes(text));
  }
});
