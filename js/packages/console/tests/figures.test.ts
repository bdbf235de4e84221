import type { Stats } from "@tavernlink/client";
import { expect, test } from "vitest";

import { begun, continued, EMPTY, SECONDS } from "../src/hub/history.js";
import { en } from "../src/i18n/en.js";
import { adviceFor } from "../src/parts/advice.js";

const stats = (change: Partial<Stats>): Stats =>
  ({ tokens: 0, delivery: null, errors: null, ...change }) as Stats;

test("figures keep two minutes, and the errors until others are told", () => {
  const error = { time: 1, code: "timeout", message: "", who: "", about: "", count: 1 };
  let history = begun(EMPTY, stats({ errors: [error] }));
  history = continued(history, stats({ tokens: 7, delivery: { p50: 0.1, p99: 2 } }));
  history = continued(history, stats({ tokens: 9 }));
  expect(history.tokens.slice(-2)).toEqual([7, 9]);
  expect(history.p99.slice(-2)).toEqual([2, null]);
  expect(history.tokens).toHaveLength(SECONDS);
  expect(history.errors).toEqual([error]);
  expect(continued(history, stats({ errors: [] })).errors).toEqual([]);
});

test("what to do is said where there is something to say", () => {
  expect(en[adviceFor("no_tavern") ?? "copy"]).toContain("tavernlink tab");
  expect(adviceFor("x_unheard_of")).toBeNull();
});
