import type { ChatMessage } from "@tavernlink/client";
import { describe, expect, test } from "vitest";

import { apply, type Loaded } from "../src/hub/mirror.js";

const said = (text: string): ChatMessage => ({ name: "A", role: "user", text });
const texts = ({ messages }: Loaded): string[] => messages.map((message) => message.text);
const loaded = (first: number, ...all: string[]): Loaded => ({ first, messages: all.map(said) });

describe("operations on the loaded part of a chat", () => {
  test("inside it they change it", () => {
    const after = apply(loaded(2, "c", "d"), [
      { op: "insert", index: 4, message: said("e") },
      { op: "replace", index: 2, message: said("C") },
      { op: "remove", index: 3 },
    ]);
    expect([after.first, ...texts(after)]).toEqual([2, "C", "e"]);
  });

  test("before it they only move it", () => {
    const after = apply(loaded(2, "c"), [
      { op: "insert", index: 0, message: said("new") },
      { op: "replace", index: 1, message: said("x") },
      { op: "remove", index: 0 },
      { op: "remove", index: 0 },
    ]);
    expect([after.first, ...texts(after)]).toEqual([1, "c"]);
  });

  test("a reset begins anew", () => {
    const after = apply(loaded(50, "y"), [
      { op: "reset", index: 0 },
      { op: "insert", index: 0, message: said("hello") },
    ]);
    expect([after.first, ...texts(after)]).toEqual([0, "hello"]);
  });

  test("what was given is not changed", () => {
    const before = loaded(0, "a");
    apply(before, [{ op: "remove", index: 0 }]);
    expect(texts(before)).toEqual(["a"]);
  });
});
