import { expect, it } from "vitest";

import { MOST_BACKUPS } from "../../src/profiles/backups.js";
import { keyOf } from "../../src/profiles/item.js";
import { lore, openPlace } from "./stand_in.js";

it("publishes what was chosen, without secrets, and says what is not there", async () => {
  const { hub, shelves, profiles } = openPlace();
  shelves.set(lore("A", "a"), lore("B", "b"), {
    kind: "chat_completion",
    name: "P",
    content: { temperature: 1, proxy_password: "x" },
  });
  await profiles.publish("p", { kinds: ["chat_completion"], items: [{ kind: "lorebook", name: "B" }] });
  expect(hub.versions[0]?.items.map(keyOf)).toEqual(["lorebook/B", "chat_completion/P"]);
  expect(JSON.stringify(hub.versions)).not.toContain("proxy_password");
  await expect(profiles.publish("p", { items: [{ kind: "regex", name: "none" }] })).rejects.toMatchObject({
    code: "unknown_item",
  });
  await expect(profiles.publish("p", { kinds: ["regex"] })).rejects.toMatchObject({ code: "unknown_item" });
});

it("applies new items, leaves what differs here to a person, and undoes exactly", async () => {
  const { hub, shelves, profiles } = openPlace();
  hub.put(lore("New", "new"), lore("Mine", "theirs"), lore("Same", "same"));
  shelves.set(lore("Mine", "mine"), lore("Same", "same"));
  const before = structuredClone([...shelves.items]);
  const looked = await profiles.apply("p", { dryRun: true });
  expect(looked.changes.map(({ name, change, held }) => [name, change, held])).toEqual([
    ["New", "added", undefined],
    ["Mine", "changed", "conflict"],
  ]);
  expect([...shelves.items]).toEqual(before);
  const done = await profiles.apply("p");
  expect(done.applied).toEqual([{ kind: "lorebook", name: "New" }]);
  expect(shelves.items.get("lorebook/Mine")).toEqual(lore("Mine", "mine"));
  const forced = await profiles.apply("p", { overwrite: true });
  expect(forced.applied).toEqual([{ kind: "lorebook", name: "Mine" }]);
  const undone = await profiles.undo();
  expect(undone.restored).toEqual([{ kind: "lorebook", name: "Mine" }]);
  await profiles.undo();
  expect([...shelves.items]).toEqual(before);
  await expect(profiles.undo()).rejects.toMatchObject({ code: "unknown_backup" });
  // What was undone can be had again by its own backup.
  await profiles.undo(undone.backup);
  expect(shelves.items.get("lorebook/Mine")).toEqual(lore("Mine", "theirs"));
});

it("takes over what is unchanged here since, removes what went, and keeps local secrets", async () => {
  const { hub, shelves, profiles } = openPlace();
  const preset = (temperature: number): Parameters<typeof hub.put>[0] => ({
    kind: "chat_completion",
    name: "P",
    content: { temperature },
  });
  hub.put(preset(1), lore("Gone", "x"), lore("Edited", "x"));
  await profiles.apply("p");
  shelves.set({ ...preset(1), content: { temperature: 1, proxy_password: "mine" } }, lore("Edited", "y"));
  hub.put(preset(2));
  const done = await profiles.apply("p");
  expect(done.changes.map(({ name, change, held }) => [name, change, held])).toEqual([
    ["P", "changed", undefined],
    ["Gone", "removed", undefined],
    ["Edited", "removed", "conflict"],
  ]);
  expect([...shelves.items.keys()].sort()).toEqual(["chat_completion/P", "lorebook/Edited"]);
  expect(shelves.items.get("chat_completion/P")?.content).toEqual({ temperature: 2, proxy_password: "mine" });
});

it("does not bring back what somebody deleted here, nor touch what is being edited", async () => {
  const { hub, shelves, profiles } = openPlace();
  hub.put(lore("A", "1"), lore("B", "1"));
  await profiles.apply("p");
  shelves.items.delete("lorebook/A");
  shelves.open.add("B");
  hub.put(lore("A", "1"), lore("B", "2"));
  const done = await profiles.apply("p");
  expect(done.applied).toEqual([]);
  expect(done.changes.map(({ name, held }) => [name, held])).toEqual([
    ["A", "conflict"],
    ["B", "open"],
  ]);
});

it("does what the person ticked, and nothing when the person says no", async () => {
  const { hub, shelves, profiles, files } = openPlace();
  hub.put(lore("A", "1"), lore("B", "1"));
  const none = await profiles.apply("p", { choose: () => Promise.resolve(undefined) });
  expect([none.applied, shelves.items.size, files.kept.size]).toEqual([[], 0, 0]);
  await profiles.apply("p", { choose: () => Promise.resolve(new Set(["lorebook/B"])) });
  expect([...shelves.items.keys()]).toEqual(["lorebook/B"]);
});

it("goes on where one item cannot be saved, says so, and can undo the rest", async () => {
  const { hub, shelves, profiles } = openPlace();
  hub.put(lore("A", "1"), lore("B", "1"));
  shelves.broken.add("A");
  await expect(profiles.apply("p")).rejects.toMatchObject({
    code: "command_failed",
    details: { failed: [{ item: { kind: "lorebook", name: "A" }, error: "disk full" }] },
  });
  expect([...shelves.items.keys()]).toEqual(["lorebook/B"]);
  await profiles.undo();
  expect(shelves.items.size).toBe(0);
});

it("keeps a bounded number of backups, and tells where the file of one is gone", async () => {
  const { hub, shelves, profiles, files } = openPlace();
  for (let n = 0; n < MOST_BACKUPS + 5; n += 1) {
    hub.put(lore("A", String(n)));
    await profiles.apply("p");
  }
  expect([files.kept.size, profiles.backups.list.length]).toEqual([MOST_BACKUPS, MOST_BACKUPS]);
  files.kept.clear();
  await expect(profiles.undo()).rejects.toMatchObject({ code: "unknown_backup" });
  expect(shelves.items.get("lorebook/A")).toEqual(lore("A", String(MOST_BACKUPS + 4)));
  expect(profiles.backups.list).toHaveLength(MOST_BACKUPS - 1);
});
