import { expect, it } from "vitest";

import { Log } from "../src/log.js";

it("is bounded and keeps the newest", () => {
  const log = new Log(3, () => 0);
  for (let line = 0; line < 10; line += 1) log.add("info", String(line));
  expect(log.all().map(({ text }) => text)).toEqual(["7", "8", "9"]);
});

it("never holds a key, whatever its shape", () => {
  const log = new Log();
  log.secrets = () => ["open sesame", ""];
  log.add("error", "refused tl_tavern_abc_DEF-123 and open sesame", new Error("key tl_app_x_y"));
  expect(log.text()).not.toMatch(/DEF|sesame|_x_y/);
});

it("gives the time in full for a report, and short for the drawer", () => {
  const log = new Log(3, () => 0);
  log.add("info", "hello");
  expect(log.text()).toBe("1970-01-01T00:00:00.000Z info hello");
  expect(log.text("short")).toMatch(/^\d\d:\d\d:\d\d info hello$/);
});
