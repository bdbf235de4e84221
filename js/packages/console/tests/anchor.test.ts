import { describe, expect, test } from "vitest";

import { firstInSight, isAtEnd, restored, unread, wantsEarlier } from "../src/parts/anchor.js";

describe("a list that grows", () => {
  test("is at its end within a finger's breadth", () => {
    expect(isAtEnd({ scrollTop: 960, scrollHeight: 1_600, clientHeight: 600 })).toBe(true);
    expect(isAtEnd({ scrollTop: 900, scrollHeight: 1_600, clientHeight: 600 })).toBe(false);
    expect(isAtEnd({ scrollTop: 0, scrollHeight: 300, clientHeight: 600 })).toBe(true);
  });

  test("asks for what is earlier before its beginning is met", () => {
    expect(wantsEarlier({ scrollTop: 500, scrollHeight: 9_000, clientHeight: 600 })).toBe(true);
    expect(wantsEarlier({ scrollTop: 2_000, scrollHeight: 9_000, clientHeight: 600 })).toBe(false);
  });

  test("finds the first item in sight among any number", () => {
    const items = Array.from({ length: 500 }, (_, at) => ({
      top: at * 100 - 25_030,
      bottom: at * 100 - 24_930,
    }));
    expect(firstInSight(items)).toBe(250);
    expect(firstInSight([{ top: 5, bottom: 90 }])).toBe(0);
    expect(firstInSight([])).toBe(0);
  });

  test("keeps an item where it stood, whatever came above it", () => {
    expect(restored(40, -12, 4_988)).toBe(5_040);
    expect(restored(40, 10, -500)).toBe(0);
  });

  test("counts what came below while the person looks elsewhere", () => {
    expect(unread(0, 10, 12, false)).toBe(2);
    expect(unread(2, 12, 13, false)).toBe(3);
    expect(unread(3, 13, 12, false)).toBe(3); // one was deleted
    expect(unread(3, 13, 14, true)).toBe(0);
  });
});
