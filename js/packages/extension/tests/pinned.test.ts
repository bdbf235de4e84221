import { describe, expect, it } from "vitest";

import { readPinned } from "../src/pinned.js";

function stored(text: string | null): Pick<Storage, "getItem"> {
  return { getItem: (name) => (name === "tavernlink.connection" ? text : null) };
}

describe("a connection that belongs to the browser profile", () => {
  it("is read with its name, or with an empty one", () => {
    const given = { url: "http://127.0.0.1:8001", key: "tl_tavern_a_b" };
    expect(readPinned(stored(JSON.stringify({ ...given, name: "kept" })))).toEqual({
      ...given,
      name: "kept",
      attended: false,
    });
    expect(readPinned(stored(JSON.stringify(given)))).toEqual({ ...given, name: "", attended: false });
    expect(readPinned(stored(JSON.stringify({ ...given, attended: true })))?.attended).toBe(true);
  });

  it.each([
    null,
    "",
    "{",
    "null",
    "7",
    "[]",
    "{}",
    '{"url":"http://a"}',
    '{"url":1,"key":"k"}',
    '{"url":"http://a","key":""}',
  ])("is none where %j is stored", (text) => {
    expect(readPinned(stored(text))).toBeUndefined();
  });
});
