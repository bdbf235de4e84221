import { describe, expect, test } from "vitest";

import { hasSwipes, shown, stepOf, target } from "../src/hub/swipes.js";

const reply = (swipe: number, swipes: number) => ({ role: "assistant" as const, swipe, swipes });
const LAST = { index: 4, total: 5 };

describe("the arrows beside a message", () => {
  test("count from 1, also where SillyTavern keeps no alternatives", () => {
    expect(shown(reply(1, 3))).toEqual({ at: 2, of: 3 });
    expect(shown({})).toEqual({ at: 1, of: 1 });
    expect(shown(reply(7, 3))).toEqual({ at: 3, of: 3 });
  });

  test("go through what there is", () => {
    expect(target(reply(1, 3), LAST, 1)).toBe(2);
    expect(target(reply(1, 3), LAST, -1)).toBe(0);
    expect(target(reply(0, 3), LAST, -1)).toBeNull();
  });

  test("after the last one the last reply gets a new one; an older one, a greeting and a person do not", () => {
    expect(target(reply(2, 3), LAST, 1)).toBe("new");
    expect(target(reply(0, 1), LAST, 1)).toBe("new");
    expect(target(reply(2, 3), { index: 2, total: 5 }, 1)).toBeNull();
    expect(target(reply(1, 2), { index: 0, total: 1 }, 1)).toBeNull();
    expect(target({ role: "user" }, LAST, 1)).toBeNull();
  });

  test("are there where they have something to do", () => {
    const message = { name: "S", text: "", ...reply(0, 1) };
    expect(hasSwipes(message, LAST)).toBe(true);
    expect(hasSwipes(message, { index: 2, total: 5 })).toBe(false);
    expect(hasSwipes({ ...message, swipes: 2 }, { index: 2, total: 5 })).toBe(true);
    expect(hasSwipes({ ...message, role: "user" }, LAST)).toBe(false);
  });

  test("a finger swipes sideways; a scroll or a tap is none", () => {
    expect(stepOf(-90, 10)).toBe(1);
    expect(stepOf(90, -10)).toBe(-1);
    expect(stepOf(-90, 60)).toBeNull();
    expect(stepOf(20, 0)).toBeNull();
  });
});
