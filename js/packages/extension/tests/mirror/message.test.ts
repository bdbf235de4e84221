import { expect, it } from "vitest";

import type { STMessage } from "../../src/host/context.js";
import { isSame, signatureOf, toChatMessage } from "../../src/mirror/message.js";

it("says who, what, when, which swipe, why, and the facts that matter", () => {
  const raw = {
    name: "Seraphina",
    is_user: false,
    is_system: false,
    mes: "Hello",
    send_date: "2026-11-21T10:00:00.000Z",
    swipe_id: 1,
    swipes: ["Hi", "Hello"],
    gen_started: "…",
    extra: {
      reasoning: "Greet.",
      model: "stand-in",
      api: "custom",
      token_count: 3,
      bias: "x",
      media: [{ type: "image", url: "/user/images/a.png", title: "A" }],
      files: [{ name: "a.txt", url: "data:text/plain;base64,QQ==" }],
    },
  } satisfies STMessage;
  expect(toChatMessage(raw)).toEqual({
    name: "Seraphina",
    role: "assistant",
    text: "Hello",
    time: "2026-11-21T10:00:00.000Z",
    swipe: 1,
    swipes: 2,
    reasoning: "Greet.",
    extra: {
      api: "custom",
      model: "stand-in",
      token_count: 3,
      media: [{ type: "image", url: "/user/images/a.png", title: "A" }, { name: "a.txt" }],
    },
  });
});

it.each([
  [{ is_user: true, is_system: false }, "user"],
  [{ is_user: false, is_system: true }, "system"],
  [{ is_user: true, is_system: true }, "system"],
])("%j speaks as %s", (flags, role) => {
  expect(toChatMessage({ name: "A", mes: "x", ...flags }).role).toBe(role);
});

it("survives entries that other programs wrote", () => {
  const broken = {
    is_user: false,
    is_system: false,
    extra: { media: "no", files: [null], token_count: "many" },
  };
  expect(toChatMessage(broken as unknown as STMessage)).toEqual({ name: "", role: "assistant", text: "" });
});

it("cuts a text that the hub would refuse, and says how long it was", () => {
  const raw = { name: "A", is_user: false, is_system: false, mes: "x".repeat(50) };
  expect(toChatMessage(raw, 10)).toMatchObject({ text: "x".repeat(10), extra: { cut: 50 } });
});

it("does not take an empty reasoning, which SillyTavern adds later, for a change", () => {
  const raw: STMessage = { name: "A", is_user: true, is_system: false, mes: "x" };
  const signature = signatureOf(raw);
  raw.extra = { reasoning: "" };
  expect(isSame(signature, raw)).toBe(true);
  raw.extra = { reasoning: "now" };
  expect(isSame(signature, raw)).toBe(false);
});
