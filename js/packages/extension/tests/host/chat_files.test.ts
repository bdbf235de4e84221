import { beforeEach, expect, it, vi } from "vitest";

import { importChat, listChats, newestFirst, owners, searchChats } from "../../src/host/chat_files.js";
import type { Owner } from "../../src/host/owners.js";

const ANN: Owner = { character: "ann.png", group: null };
const PARTY: Owner = { character: null, group: "7" };

let answers: Record<string, (body: Record<string, unknown>) => unknown>;
let asked: string[];

beforeEach(() => {
  asked = [];
  answers = {};
  const context = {
    characters: [
      { name: "Ann", avatar: "ann.png", chat: "one" },
      { name: "Never spoken to", avatar: "new.png", chat_size: 0 },
    ],
    groups: [{ id: "7", name: "Party", members: [], disabled_members: [], chats: ["g"], chat_id: "g" }],
    characterId: 0,
    groupId: null,
    name1: "Traveller",
    getCurrentChatId: () => "one",
    getRequestHeaders: () => ({ "Content-Type": "application/json" }),
  };
  vi.stubGlobal("SillyTavern", { getContext: () => context });
  vi.stubGlobal("fetch", (address: string, { body }: { body: string | FormData }) => {
    asked.push(address);
    const told = typeof body === "string" ? (JSON.parse(body) as Record<string, unknown>) : {};
    return Promise.resolve(Response.json(answers[address]?.(told) ?? {}));
  });
});

function told(name: string, time: string): Record<string, unknown> {
  return { file_name: name, file_size: "1KB", message_count: 2, last_mes: time, preview_message: "…bye" };
}

it("lists chats with whose they are and which is open, newest first", async () => {
  answers["/api/chats/search"] = () => [
    told("one", "2026-01-01T00:00:00.000Z"),
    told("two", "2026-02-01T00:00:00.000Z"),
  ];
  const chats = (await listChats(ANN)).toSorted(newestFirst);
  expect(chats.map(({ chat_id, open, character }) => [chat_id, open, character])).toEqual([
    ["two", false, "ann.png"],
    ["one", true, "ann.png"],
  ]);
});

it("looks with everybody who has chats, and says where a word stands", async () => {
  expect(owners()).toEqual([ANN, PARTY]);
  answers["/api/chats/search"] = ({ group_id }) =>
    group_id === "7" ? [told("g", "2026-03-01T00:00:00.000Z")] : [told("one", "2026-01-01T00:00:00.000Z")];
  const long = `${"a".repeat(300)} Quagmire ${"b".repeat(300)}`;
  answers["/api/chats/group/get"] = () => [
    { chat_metadata: {} },
    { name: "Ann", mes: "nothing" },
    { name: "Bob", mes: long },
  ];
  const { chats, more } = await searchChats(owners(), "QUAGMIRE", 1, new AbortController().signal);
  expect(more).toBe(true);
  expect(chats).toHaveLength(1);
  expect(chats[0]?.messages).toEqual([{ index: 1, name: "Bob", text: long.slice(201, 401) }]);
});

it("stops looking when the request is cancelled", async () => {
  const abort = new AbortController();
  abort.abort();
  await expect(searchChats(owners(), "x", 5, abort.signal)).rejects.toMatchObject({ code: "cancelled" });
  expect(asked).toEqual([]);
});

it.each([
  ["chat.png", "{}"],
  ["chat.jsonl", ""],
  ["chat.jsonl", '{"hello":1}'],
  ["chat.jsonl", '{"user_name":"x"}\n{"mes":'],
  ["chat.jsonl", '{"user_name":"x"}\n7'],
  ["chat.json", "no json"],
])("refuses %s with %s before SillyTavern sees it", async (name, text) => {
  const file = { name, type: "text/plain", data: btoa(text) };
  await expect(importChat(ANN, file)).rejects.toMatchObject({ code: "invalid_file" });
  expect(asked).toEqual([]);
});

it("takes only SillyTavern's own form for a group, and adds it to the group's chats", async () => {
  const data = btoa('{"user_name":"x"}\n{"name":"A","mes":"hi"}');
  const json = { name: "chat.json", type: "application/json", data };
  await expect(importChat(PARTY, json)).rejects.toMatchObject({ code: "invalid_file" });
  answers["/api/chats/group/import"] = () => ({ res: "new" });
  expect(await importChat(PARTY, { ...json, name: "chat.jsonl" })).toEqual(["new"]);
  expect(asked).toEqual(["/api/chats/group/import", "/api/groups/edit"]);
});
