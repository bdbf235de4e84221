import { TavernlinkError } from "@tavernlink/client";
import { expect, test } from "vitest";

import { MEANINGS } from "../src/generated/errors.js";
import { sentenceOf } from "../src/i18n/errors.js";

const plain = { code: "unknown_room", message: MEANINGS["unknown_room"]?.en ?? "" };

test("English is the hub's own sentence", () => {
  expect(sentenceOf(plain, "en")).toBe("There is no such room.");
  expect(sentenceOf(new TavernlinkError("busy", "A reply is being written."), "en")).toBe(
    "A reply is being written.",
  );
});

test("Chinese is what the code means, and what the hub said beyond that", () => {
  expect(sentenceOf(plain, "zh")).toBe("没有此房间。");
  expect(sentenceOf({ code: "unknown_room", message: "" }, "zh")).toBe("没有此房间。");
  expect(sentenceOf(new TavernlinkError("unknown_room", "There is no room 'den'."), "zh")).toBe(
    "没有此房间。（There is no room 'den'.）",
  );
});

test("what is to be typed needs no marks on a page", () => {
  expect(sentenceOf(new TavernlinkError("key_expired", ""), "zh")).toBe(
    "这个密钥已过期。请用 tavernlink keys create 创建新的密钥。",
  );
});

test("what is not known here is shown as it came", () => {
  expect(sentenceOf({ code: "of_a_newer_hub", message: "New." }, "zh")).toBe("New.");
  expect(sentenceOf(new RangeError("too long"), "zh")).toBe("too long");
  expect(sentenceOf("nothing more", "zh")).toBe("nothing more");
});
