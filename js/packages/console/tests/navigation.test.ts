import { expect, test } from "vitest";

import { GROUPS, groupsFor, mayShow } from "../src/navigation.js";

const pages = (role: string, mayWrite: boolean): string[] =>
  groupsFor({ role, mayWrite }).flatMap(({ entries }) => entries.map(({ page }) => page));

test("only what the key may do is shown", () => {
  const all = GROUPS.flatMap(({ entries }) => entries.map(({ page }) => page));
  expect(pages("admin", true)).toEqual(all);
  expect(pages("app", true)).not.toContain("settings");
  expect(pages("app", true)).toContain("webhooks");
  for (const hidden of ["webhooks", "schedules", "routes", "keys", "settings", "logs", "audit"])
    expect(pages("viewer", false)).not.toContain(hidden);
  expect(mayShow({ role: "viewer", mayWrite: false }, "logs")).toBe(false);
  expect(groupsFor({ role: "viewer", mayWrite: false }).map(({ name }) => name)).not.toContain("hub");
});
