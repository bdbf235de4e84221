import { beforeEach, expect, it, vi } from "vitest";

import { lineOf, voiceOf } from "../../src/host/voices.js";

let groupId: string | null;
let metadata: Record<string, unknown>;

beforeEach(() => {
  groupId = null;
  metadata = {};
  const characters = [
    { name: "Ann", avatar: "ann.png" },
    { name: "Ann", avatar: "ann1.png" },
    { name: "Bob", avatar: "bob & co.png" },
  ];
  vi.stubGlobal("SillyTavern", {
    getContext: () => ({ characters, characterId: 1, groupId, chatMetadata: metadata }),
  });
});

it("speaks as the open character with the picture that the chat has", () => {
  expect(voiceOf(undefined)).toEqual({ name: "Ann" });
  expect(voiceOf("Ann")).toEqual({ name: "Ann" });
  expect(voiceOf("ann1")).toEqual({ name: "Ann" });
});

it("gives another character its own picture, and a stranger nobody's", () => {
  expect(voiceOf("ann.png")).toEqual({
    name: "Ann",
    force_avatar: "/thumbnail?type=avatar&file=ann.png",
    original_avatar: "ann.png",
  });
  expect(voiceOf("Bob").force_avatar).toBe("/thumbnail?type=avatar&file=bob%20%26%20co.png");
  expect(voiceOf("A stranger")).toMatchObject({ name: "A stranger", force_avatar: "img/ai4.png" });
});

it("asks for a name in a group, where every message says whose it is", () => {
  groupId = "7";
  expect(() => voiceOf(undefined)).toThrow(expect.objectContaining({ code: "invalid_message" }));
  expect(voiceOf("ann1.png")).toMatchObject({ original_avatar: "ann1.png" });
});

it("makes what a character says with its one alternative", () => {
  const line = lineOf({ text: "Hello | /echo", role: "character", hidden: false, reasoning: "hm" });
  expect(line).toMatchObject({ name: "Ann", is_user: false, is_system: false, mes: "Hello | /echo" });
  expect(line.swipes).toEqual([line.mes]);
  expect(line.extra).toMatchObject({ reasoning: "hm", reasoning_type: "manual" });
});

it("hides notes from the model, and lets it hear the narrator under the chat's name for it", () => {
  metadata = { narrator_name: "The rain" };
  const line = { text: "It falls.", hidden: false };
  expect(lineOf({ ...line, role: "narrator" })).toMatchObject({
    name: "The rain",
    is_system: false,
    extra: { type: "narrator" },
  });
  expect(lineOf({ ...line, role: "comment" })).toMatchObject({ name: "Note", is_system: true });
  expect(lineOf({ ...line, role: "system", name: "Hub" })).toMatchObject({ name: "Hub", is_system: true });
  expect(() => lineOf({ ...line, role: "narrator", reasoning: "hm" })).toThrow(
    expect.objectContaining({ code: "unsupported_parameter" }),
  );
});
