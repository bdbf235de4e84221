// @vitest-environment jsdom
import { beforeEach, describe, expect, test } from "vitest";

import { Drafts } from "../src/hub/drafts.js";

describe("drafts", () => {
  let time = 0;
  let drafts: Drafts;
  beforeEach(() => {
    localStorage.clear();
    time = 0;
    drafts = new Drafts(localStorage, () => (time += 1));
  });

  test("belong to one chat of one tavern and survive the page", () => {
    drafts.set("t1", "chat 1", "half a sentence");
    expect(new Drafts(localStorage).get("t1", "chat 1")).toBe("half a sentence");
    expect(drafts.get("t1", "chat 2")).toBe("");
    expect(drafts.get("t2", "chat 1")).toBe("");
    expect(drafts.get("t1", null)).toBe("");
  });

  test("an empty one is none", () => {
    drafts.set("t1", "a", "x");
    drafts.set("t1", "a", "  ");
    expect(localStorage.length).toBe(0);
  });

  test("the oldest go when there are many, and all when the person signs out; nothing else does", () => {
    localStorage.setItem("tavernlink.key", "tl_x");
    for (let at = 0; at < 60; at += 1) drafts.set("t1", String(at), `draft ${at}`);
    expect([drafts.get("t1", "9"), drafts.get("t1", "10")]).toEqual(["", "draft 10"]);
    drafts.clear();
    expect(Object.keys(localStorage)).toEqual(["tavernlink.key"]);
  });

  test("what another version left does no harm", () => {
    localStorage.setItem("tavernlink.draft.t1/a", "not JSON");
    expect(drafts.get("t1", "a")).toBe("");
  });
});
