import { describe, expectTypeOf, expect, test } from "vitest";
import {
  PROTOCOL_VERSION,
  UNCOUNTED,
  type Messages,
  type MessageType,
  type Outcome,
  type Results,
  type TavernSends,
} from "../src/generated/protocol.js";

describe("the generated types", () => {
  test("name the version and what is not counted", () => {
    expect(PROTOCOL_VERSION).toBe(1);
    expect([...UNCOUNTED].sort()).toEqual(["closing", "confirm", "hello", "resync", "welcome"]);
  });

  test("give each type its content", () => {
    expectTypeOf<Messages["stream.delta"]["text"]>().toEqualTypeOf<string>();
    expectTypeOf<Messages["stream.end"]["reason"]>().toEqualTypeOf<
      "stop" | "length" | "cancelled" | "error" | "tool_calls"
    >();
    expectTypeOf<Messages["chat.send"]>().toHaveProperty("as");
    expectTypeOf<TavernSends>().toExtend<MessageType>();
  });

  test("give each question its result", () => {
    expectTypeOf<Results["chat.send"]["position"]>().toEqualTypeOf<number>();
    const outcome = { ok: true, result: { request_id: "r", position: 0 } } as Outcome<Results["chat.send"]>;
    expect(outcome.ok ? outcome.result.request_id : outcome.error.code).toBe("r");
  });
});
