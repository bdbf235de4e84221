/** A hub with profiles and a SillyTavern with settings, in memory. */

import type { ItemRef, Outcome, Profile, ProfileInfo, ProfileSave } from "@tavernlink/client";

import { Backups, type Files } from "../../src/profiles/backups.js";
import { keyOf, type Content, type Item } from "../../src/profiles/item.js";
import { Memory } from "../../src/profiles/memory.js";
import { Profiles, type Ask, type Shelves } from "../../src/profiles/profiles.js";

export class StandInHub {
  readonly versions: Profile[] = [];
  down = false;

  put(...items: Item[]): ProfileInfo {
    const info = {
      profile: "p",
      version: this.versions.length + 1,
      time: 0,
      author: "other",
      note: "",
      items: items.length,
      size: 0,
      kinds: {},
    };
    this.versions.push({ info, items: structuredClone(items) });
    return info;
  }

  readonly ask: Ask = (type, content) => Promise.resolve(this.answer(type, content as Content));

  private answer(type: string, content: Content): Outcome {
    const error = (code: string): Outcome => ({ ok: false, error: { code, message: code } });
    const newest = this.versions.at(-1);
    if (this.down) return error("disconnected");
    if (type === "profile.list") return { ok: true, result: newest === undefined ? [] : [newest.info] };
    if (type === "profile.save")
      return { ok: true, result: this.put(...((content as unknown as ProfileSave).items as Item[])) };
    const wanted = content["version"] as number | undefined;
    const found = wanted === undefined ? newest : this.versions[wanted - 1];
    return found === undefined ? error("unknown_profile") : { ok: true, result: structuredClone(found) };
  }
}

export class StandInShelves implements Shelves {
  readonly items = new Map<string, Item>();
  readonly open = new Set<string>();
  readonly broken = new Set<string>();
  settled: string[][] = [];

  set(...items: Item[]): void {
    for (const item of items) this.items.set(keyOf(item), structuredClone(item));
  }

  read(wanted: (ref: ItemRef) => boolean): Promise<Item[]> {
    return Promise.resolve(structuredClone([...this.items.values()].filter(wanted)));
  }

  write(item: Item): Promise<void> {
    if (this.broken.has(item.name)) return Promise.reject(new Error("disk full"));
    this.set(item);
    return Promise.resolve();
  }

  remove(ref: ItemRef): Promise<void> {
    this.items.delete(keyOf(ref));
    return Promise.resolve();
  }

  isOpen(ref: ItemRef): boolean {
    return this.open.has(ref.name);
  }

  fit(item: Item): Item {
    return item;
  }

  settle(kinds: ReadonlySet<string>): Promise<void> {
    this.settled.push([...kinds]);
    return Promise.resolve();
  }
}

export class StandInFiles implements Files {
  readonly kept = new Map<string, string>();

  write(name: string, text: string): Promise<void> {
    this.kept.set(name, text);
    return Promise.resolve();
  }

  read(name: string): Promise<string | undefined> {
    return Promise.resolve(this.kept.get(name));
  }

  remove(name: string): Promise<void> {
    this.kept.delete(name);
    return Promise.resolve();
  }
}

export function openPlace(hub = new StandInHub()): {
  hub: StandInHub;
  shelves: StandInShelves;
  files: StandInFiles;
  memory: Memory;
  profiles: Profiles;
} {
  const shelves = new StandInShelves();
  const files = new StandInFiles();
  const stored: Content = {};
  const memory = new Memory({ stored: () => stored, save: () => Promise.resolve() });
  let ids = 0;
  const backups = new Backups(
    files,
    memory,
    () => `b${(ids += 1)}`,
    () => 0,
  );
  return { hub, shelves, files, memory, profiles: new Profiles(hub.ask, shelves, memory, backups) };
}

export function lore(name: string, text: string): Item {
  return { kind: "lorebook", name, content: { entries: { 0: { uid: 0, content: text } } } };
}
