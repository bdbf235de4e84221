import type { RoomMessage } from "@tavernlink/client";
import { describe, expect, test } from "vitest";

import { anotherId, ownId } from "../src/hub/identity.js";
import { heard, type Line } from "../src/hub/talk.svelte.js";

const message = (id: string, text: string, more: Partial<RoomMessage> = {}): RoomMessage => ({
  room: "room-1",
  message_id: id,
  role: "assistant",
  name: "Seraphina",
  text,
  time: 1,
  ...more,
});
const texts = (lines: readonly Line[]): string[] => lines.map(({ text }) => text);

describe("what is said in a room", () => {
  test("stands in its order, each line once", () => {
    let lines = heard([], message("1", "Hello", { role: "user", name: "Mira", held: true }));
    lines = heard(lines, message("2", "Welcome."));
    lines = heard(lines, message("1", "Hello", { role: "user", name: "Mira", held: false }));
    expect(texts(lines)).toEqual(["Hello", "Welcome."]);
    expect(lines[0]?.held).toBe(false);
  });

  test("grows where a reply is continued, and changes where it is another version", () => {
    let lines = heard([], message("1", "Once"));
    lines = heard(lines, message("2", "Who?", { role: "user", name: "Mira" }));
    lines = heard(lines, message("3", " upon a time", { kind: "continue" }));
    expect(texts(lines)).toEqual(["Once upon a time", "Who?"]);
    lines = heard(lines, message("4", "Long ago", { kind: "swipe" }));
    expect(texts(lines)).toEqual(["Long ago", "Who?"]);
  });

  test("is bounded", () => {
    let lines: readonly Line[] = [];
    for (let at = 0; at < 300; at += 1) lines = heard(lines, message(String(at), `line ${String(at)}`));
    expect(lines).toHaveLength(200);
    expect(lines.at(-1)?.text).toBe("line 299");
  });
});

describe("as whom a browser comes", () => {
  test("is the same each time, and another for a second page", () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => void kept.set(name, value),
    } as Storage;
    expect(ownId(storage)).toBe(ownId(storage));
    expect(anotherId()).not.toBe(ownId(storage));
  });
});
