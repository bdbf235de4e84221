import { expect, it } from "vitest";

import { Follow, type FollowEvent } from "../../src/profiles/follow.js";
import { lore, openPlace } from "./stand_in.js";

function open(): ReturnType<typeof openPlace> & {
  follow: Follow;
  told: FollowEvent[];
  later: (() => void)[];
  quiet: { wait: Promise<void> };
  changed: (version: number) => Promise<void>;
} {
  const place = openPlace();
  const told: FollowEvent[] = [];
  const later: (() => void)[] = [];
  const quiet = { wait: Promise.resolve() };
  const follow = new Follow(place.profiles, {
    whenQuiet: () => quiet.wait,
    later: (call) => later.push(call),
    alone: (work) => work(),
    report: (event) => told.push(event),
  });
  const changed = async (version: number): Promise<void> => {
    follow.receiveChanged({ profile: "p", version, author: "other" });
    await settled();
  };
  return { ...place, follow, told, later, quiet, changed };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

it("applies nothing of a profile that nobody here follows", async () => {
  const { hub, shelves, changed, told } = open();
  hub.put(lore("A", "1"));
  await changed(1);
  expect([shelves.items.size, told]).toEqual([0, []]);
});

it("applies a new version by itself, in a quiet moment", async () => {
  const { hub, shelves, memory, changed, told, quiet } = open();
  await memory.follow("p", true);
  hub.put(lore("A", "1"));
  let calm = (): void => undefined;
  quiet.wait = new Promise((resolve) => (calm = resolve));
  await changed(1);
  expect(shelves.items.size).toBe(0);
  calm();
  await settled();
  expect(shelves.items.get("lorebook/A")).toEqual(lore("A", "1"));
  expect(told.map(({ name }) => name)).toEqual(["applied"]);
  hub.put(lore("A", "2"));
  await changed(2);
  expect(shelves.items.get("lorebook/A")).toEqual(lore("A", "2"));
});

it("tells once of each version what it left as it is", async () => {
  const { hub, shelves, memory, follow, changed, told } = open();
  await memory.follow("p", true);
  shelves.set(lore("A", "mine"));
  hub.put(lore("A", "theirs"));
  await changed(1);
  follow.start("p");
  await settled();
  expect(told.map(({ name }) => name)).toEqual(["held"]);
  expect(shelves.items.get("lorebook/A")).toEqual(lore("A", "mine"));
});

it("tries again later what was being edited", async () => {
  const { hub, shelves, memory, changed, told, later } = open();
  await memory.follow("p", true);
  hub.put(lore("A", "1"));
  await changed(1);
  shelves.open.add("A");
  hub.put(lore("A", "2"));
  await changed(2);
  expect([told.map(({ name }) => name), later.length]).toEqual([["applied", "held"], 1]);
  shelves.open.clear();
  later[0]?.();
  await settled();
  expect(shelves.items.get("lorebook/A")).toEqual(lore("A", "2"));
});

it("catches up after a connection, and only where something is new", async () => {
  const { hub, shelves, memory, follow, told } = open();
  await memory.follow("p", true);
  hub.put(lore("A", "1"));
  await follow.catchUp();
  await settled();
  await follow.catchUp();
  await settled();
  expect(told.map(({ name }) => name)).toEqual(["applied"]);
  expect(shelves.items.size).toBe(1);
  hub.down = true;
  await follow.catchUp();
});

it("reports a deleted profile and what went wrong, and stops when it is let go", async () => {
  const { hub, shelves, memory, changed, told } = open();
  await memory.follow("p", true);
  await changed(0);
  hub.put(lore("A", "1"));
  hub.down = true;
  await changed(1);
  expect(told.map(({ name }) => name)).toEqual(["deleted", "failed"]);
  hub.down = false;
  await memory.follow("p", false);
  await changed(1);
  expect(shelves.items.size).toBe(0);
});
