import { describe, expect, test } from "vitest";

import { shifted } from "../src/hub/history.js";
import { areaOf, ceilingOf, latest, lineOf } from "../src/parts/chart.js";

describe("the scale of a chart", () => {
  test.each([
    [[], 1],
    [[null, 0.3], 1],
    [[1.2], 2],
    [[2], 2],
    [[4.9, 3], 5],
    [[51], 100],
    [[1_000], 1_000],
  ])("of %j ends at %d", (values, ceiling) => {
    expect(ceilingOf(values)).toBe(ceiling);
  });

  test("is never below what is asked for", () => {
    expect(ceilingOf([0, 0], 10)).toBe(10);
  });
});

describe("the line of a chart", () => {
  test("goes from left to right, high values on top", () => {
    expect(lineOf([0, 5, 10], 10, 100, 50)).toBe("M0 50L50 25L100 0");
  });

  test("has a gap where nothing was measured, and a dash for one value alone", () => {
    expect(lineOf([null, 5, null, 10, 10], 10, 100, 50)).toBe("M25 25h12.5M75 0L100 0");
  });

  test("of nothing is nothing", () => {
    expect(lineOf([null, null], 10, 100, 50)).toBe("");
    expect(areaOf([null, null], 10, 100, 50)).toBe("");
  });

  test("is closed along the bottom for what lies below it", () => {
    expect(areaOf([null, 5, 10], 10, 100, 50)).toBe("M50 25L100 0L100 50H50Z");
  });
});

test("the latest figure is the last that was measured, and a new second pushes the oldest out", () => {
  expect(latest([1, 2, null])).toBe(2);
  expect(latest([null])).toBeNull();
  expect(shifted([1, 2, 3], null)).toEqual([2, 3, null]);
});
