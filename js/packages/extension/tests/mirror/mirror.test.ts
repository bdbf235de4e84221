import type { ChatUpdate } from "@tavernlink/client";
import { beforeEach, expect, it } from "vitest";

import { Mirror } from "../../src/mirror/mirror.js";
import { FakeOutlet, FakeTavern } from "../fake_tavern.js";

let tavern: FakeTavern;
let outlet: FakeOutlet;
let mirror: Mirror;
let screenChanged: () => void;
let growing: number | undefined;
let pauses: number;

beforeEach(() => {
  tavern = new FakeTavern();
  outlet = new FakeOutlet();
  growing = undefined;
  pauses = 0;
  mirror = new Mirror(
    {
      read: tavern.read,
      growing: () => growing,
      observeChat: (changed) => (screenChanged = changed),
      pause: () => {
        pauses += 1;
        return Promise.resolve();
      },
    },
    outlet,
  );
  mirror.listen();
});

async function updates(): Promise<ChatUpdate[]> {
  for (let turn = 0; turn < 500; turn += 1) await Promise.resolve();
  return outlet.sent.splice(0).map(([, content]) => content as ChatUpdate);
}

it("begins a session with a reset and the whole chat", async () => {
  tavern.say("Hello");
  mirror.restart();
  expect(await updates()).toMatchObject([
    { chat_id: "chat-1", ops: [{ op: "reset" }, { op: "insert", index: 0, message: { text: "Hello" } }] },
  ]);
});

it("says that no chat is open", async () => {
  tavern.chatId = undefined;
  mirror.restart();
  expect(await updates()).toEqual([{ chat_id: null, ops: [{ op: "reset", index: 0 }] }]);
});

it("sends a long chat in pages with pauses, the last one as such", async () => {
  for (let index = 0; index < 250; index += 1) tavern.say(`message ${index}`);
  mirror.restart();
  const pages = await updates();
  expect(pages.map(({ ops, loading }) => [ops.length, loading ?? false])).toEqual([
    [101, true],
    [100, true],
    [50, false],
  ]);
  expect(pauses).toBeGreaterThanOrEqual(3);
});

it("sends one operation for one change, whatever number of events it makes", async () => {
  tavern.say("Hello");
  mirror.restart();
  await updates();
  tavern.say("Hi", { is_user: true });
  for (const event of ["MESSAGE_SENT", "MESSAGE_RECEIVED", "CHARACTER_MESSAGE_RENDERED"])
    tavern.emit(event, 1);
  expect(await updates()).toMatchObject([{ ops: [{ op: "insert", index: 1 }] }]);
});

it("resets when another chat is open, also one that begins alike", async () => {
  tavern.say("Hello");
  mirror.restart();
  await updates();
  tavern.chatId = "chat-2";
  tavern.emit("CHAT_CHANGED", "chat-2");
  expect(await updates()).toMatchObject([{ chat_id: "chat-2", ops: [{ op: "reset" }, { op: "insert" }] }]);
});

it("sends nothing when the same chat is loaded again", async () => {
  tavern.say("Hello");
  mirror.restart();
  await updates();
  const [message] = tavern.chat;
  tavern.chat.length = 0;
  screenChanged();
  await updates();
  if (message) tavern.chat.push({ ...message });
  tavern.emit("CHAT_CHANGED", "chat-1");
  expect(await updates()).toEqual([]);
});

it("sees on screen what has no event: hiding", async () => {
  const message = tavern.say("Hello");
  mirror.restart();
  await updates();
  message.is_system = true;
  screenChanged();
  expect(await updates()).toMatchObject([
    { ops: [{ op: "replace", index: 0, message: { role: "system" } }] },
  ]);
});

it("leaves the message that streams to the stream, and sends it once when it is final", async () => {
  tavern.say("Hello");
  mirror.restart();
  await updates();
  growing = 1;
  const reply = tavern.say("...");
  for (const text of ["We", "Welcome"]) {
    reply.mes = text;
    tavern.emit("MESSAGE_EDITED", 0);
    expect(await updates()).toEqual([]);
  }
  growing = undefined;
  tavern.emit("CHARACTER_MESSAGE_RENDERED", 1);
  expect(await updates()).toMatchObject([
    { ops: [{ op: "insert", index: 1, message: { text: "Welcome" } }] },
  ]);
});

it("without a session sends nothing and remembers nothing as sent", async () => {
  tavern.say("Hello");
  outlet.open = false;
  mirror.look();
  await updates();
  outlet.open = true;
  mirror.restart();
  expect(await updates()).toMatchObject([{ ops: [{ op: "reset" }, { op: "insert", index: 0 }] }]);
});

it("has sent what changed without an event when a command ends", async () => {
  tavern.say("Hello");
  mirror.restart();
  await updates();
  tavern.say("far above the screen");
  await mirror.caughtUp();
  expect(outlet.sent).toMatchObject([["chat.update", { ops: [{ op: "insert", index: 1 }] }]]);
});
