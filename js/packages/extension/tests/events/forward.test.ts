import { beforeEach, expect, it } from "vitest";

import { EventForward } from "../../src/events/forward.js";
import { globMatch } from "../../src/events/globs.js";
import { FakeOutlet, FakeTavern } from "../fake_tavern.js";

let tavern: FakeTavern;
let outlet: FakeOutlet;
let forward: EventForward;

beforeEach(() => {
  tavern = new FakeTavern();
  outlet = new FakeOutlet();
  forward = new EventForward(tavern.read, outlet);
});

const names = (): string[] => outlet.contents("event").map(({ name }) => name);
const listening = (): string[] =>
  [...tavern.listeners].filter(([, all]) => all.length > 0).map(([name]) => name);

it("listens to nothing until somebody wants something", () => {
  expect(listening()).toEqual([]);
});

it("forwards what matches, by SillyTavern's own name, with its arguments", () => {
  forward.want(["message_*"]);
  tavern.emit("MESSAGE_SENT", 3);
  tavern.emit("CHAT_CHANGED", "x");
  expect(outlet.contents("event")).toEqual([{ name: "message_sent", args: [3] }]);
});

it("stops listening to what is wanted no more", () => {
  forward.want(["message_*", "chat_id_changed"]);
  forward.want(["chat_id_changed"]);
  expect(listening()).toEqual(["chat_id_changed"]);
  forward.want([]);
  expect(listening()).toEqual([]);
});

it("listens once, however often it is asked", () => {
  forward.want(["*"]);
  forward.want(["message_*", "*"]);
  tavern.emit("MESSAGE_SENT", 1);
  expect(names()).toEqual(["message_sent"]);
});

it("forwards events of other extensions, by name or, once they are known, by glob", () => {
  forward.want(["my_extension_event"]);
  tavern.emit("my_extension_event", "a");
  tavern.listeners.set("other_event", [() => undefined]);
  forward.want(["other_*"]);
  tavern.emit("other_event");
  expect(names()).toEqual(["my_extension_event", "other_event"]);
});

it("forwards cumulative tokens only to who asks for them by name", () => {
  forward.want(["*"]);
  tavern.emit("STREAM_TOKEN_RECEIVED", "a");
  expect(names()).toEqual([]);
  forward.want(["stream_token_received"]);
  tavern.emit("STREAM_TOKEN_RECEIVED", "ab");
  expect(names()).toEqual(["stream_token_received"]);
});

it.each([
  ["*", "anything", true],
  ["message_*", "message_sent", true],
  ["message_*", "user_message_rendered", false],
  ["*_message_*", "user_message_rendered", true],
  ["chat?oaded", "chatLoaded", true],
  ["a.b", "axb", false],
  ["(x)[y]", "(x)[y]", true],
])("the glob %s on %s: %s", (glob, name, matches) => {
  expect(globMatch([glob])(name)).toBe(matches);
});
