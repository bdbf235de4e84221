/** What was here before a profile was applied: a file for each time, the last ones of them. */

import type { ItemRef } from "@tavernlink/client";

import type { Content } from "./item.js";
import type { BackupEntry, Memory } from "./memory.js";

export const MOST_BACKUPS = 10;

/** An item as it was; `content` null: there was none. */
export interface Before extends ItemRef {
  content: Content | null;
}

export interface Files {
  write(name: string, text: string): Promise<void>;
  read(name: string): Promise<string | undefined>;
  remove(name: string): Promise<void>;
}

export class Backups {
  constructor(
    private readonly files: Files,
    private readonly memory: Memory,
    private readonly makeId: () => string,
    private readonly now: () => number = Date.now,
  ) {}

  /** Newest first. */
  get list(): BackupEntry[] {
    return [...this.memory.now.backups].reverse();
  }

  /** Resolves when it is on disk. */
  async add(
    about: Pick<BackupEntry, "reason" | "profile" | "version">,
    items: Before[],
  ): Promise<BackupEntry> {
    const entry = { ...about, id: this.makeId(), time: this.now(), items: items.length };
    await this.files.write(fileOf(entry.id), JSON.stringify({ ...entry, items }));
    const all = [...this.memory.now.backups, entry];
    const old = all.splice(0, Math.max(0, all.length - MOST_BACKUPS));
    await this.memory.setBackups(all);
    for (const { id } of old) await this.files.remove(fileOf(id));
    return entry;
  }

  /** Undefined where its file is gone. */
  async read(id: string): Promise<Before[] | undefined> {
    const text = await this.files.read(fileOf(id));
    if (text === undefined) return undefined;
    const { items } = JSON.parse(text) as { items: Before[] };
    return items;
  }

  async remove(id: string): Promise<void> {
    await this.memory.setBackups(this.memory.now.backups.filter((entry) => entry.id !== id));
    await this.files.remove(fileOf(id));
  }
}

function fileOf(id: string): string {
  return `tavernlink-backup-${id}.json`;
}
