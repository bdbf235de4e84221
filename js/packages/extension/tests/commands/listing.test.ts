import { beforeEach, expect, it, vi } from "vitest";

import { findMessages, getMessage } from "../../src/commands/listing.js";
import type { STMessage } from "../../src/host/context.js";
import { message } from "../host/fake_page.js";

let chat: STMessage[];

beforeEach(() => {
  chat = Array.from({ length: 10 }, (_, index) => message(`Line ${index}`, index % 2 === 1));
  vi.stubGlobal("SillyTavern", {
    getContext: () => ({ chat, getCurrentChatId: () => "a chat" }),
  });
});

function indices(args: Record<string, unknown>): (number | null | undefined)[] {
  const { messages, next } = findMessages(args);
  return [...messages.map(({ index }) => index), next];
}

it("gives the last ones where nothing is said", () => {
  expect(indices({ limit: 3 })).toEqual([7, 8, 9, null]);
});

it("gives a range, from the end too, and says where to go on", () => {
  expect(indices({ start: 2, limit: 3 })).toEqual([2, 3, 4, 5]);
  expect(indices({ start: -2 })).toEqual([8, 9, null]);
  expect(indices({ start: -99, limit: 1 })).toEqual([0, 1]);
  expect(indices({ start: 99 })).toEqual([null]);
});

it("searches texts and reasoning, whatever the capitals", () => {
  const seventh = chat[7];
  if (seventh !== undefined) seventh.extra = { reasoning: "Rain on the GLADE" };
  expect(indices({ search: "glade line" })).toEqual([7, null]);
  expect(indices({ search: "line", limit: 2 })).toEqual([0, 1, 2]);
  expect(indices({ search: "nowhere" })).toEqual([null]);
});

it("leaves out by name, role and what is hidden", () => {
  const third = chat[3];
  if (third !== undefined) third.is_system = true;
  expect(indices({ role: "user", hidden: false })).toEqual([1, 5, 7, 9, null]);
  expect(indices({ role: "system" })).toEqual([3, null]);
  expect(indices({ name: "Seraphina", start: 6 })).toEqual([6, 8, null]);
});

it("ends a page that would be too long for one message, but gives at least one", () => {
  for (const entry of chat) entry.mes = "x".repeat(200_000);
  expect(indices({ start: 0 })).toEqual([0, 1, 2, 3, 4, 5]);
});

it("says which message does not exist", () => {
  expect(getMessage(4)).toMatchObject({ index: 4, text: "Line 4", role: "assistant" });
  expect(() => getMessage(10)).toThrow(expect.objectContaining({ code: "unknown_message" }));
});
