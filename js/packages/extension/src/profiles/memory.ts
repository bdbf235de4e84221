/** What this SillyTavern remembers of profiles, in the extension's settings: what it follows, took over, can undo. */

import type { Content } from "./item.js";

export interface Applied {
  version: number;
  /** Key of an item → fingerprint of what was applied. */
  items: Record<string, string>;
}

export interface BackupEntry {
  id: string;
  /** `undo`: what was there before something was undone. */
  reason: "apply" | "undo";
  profile: string;
  version: number;
  /** Milliseconds since 1970. */
  time: number;
  items: number;
}

export interface Remembered {
  following: string[];
  applied: Record<string, Applied>;
  /** Oldest first. */
  backups: BackupEntry[];
}

const MOST_PROFILES = 50;

export class Memory {
  constructor(private readonly home: { stored(): Content; save(): Promise<void> }) {}

  get now(): Remembered {
    const stored = this.home.stored();
    const found = (stored["profiles"] ?? {}) as Partial<Remembered>;
    const whole: Remembered = {
      following: Array.isArray(found.following) ? found.following : [],
      applied: typeof found.applied === "object" ? found.applied : {},
      backups: Array.isArray(found.backups) ? found.backups : [],
    };
    stored["profiles"] = whole;
    return whole;
  }

  applied(profile: string): Applied {
    return this.now.applied[profile] ?? { version: 0, items: {} };
  }

  async setApplied(profile: string, applied: Applied): Promise<void> {
    const { applied: all, following } = this.now;
    Reflect.deleteProperty(all, profile);
    all[profile] = applied;
    for (const old of Object.keys(all)) {
      if (Object.keys(all).length <= MOST_PROFILES) break;
      if (!following.includes(old)) Reflect.deleteProperty(all, old);
    }
    await this.home.save();
  }

  follows(profile: string): boolean {
    return this.now.following.includes(profile);
  }

  async follow(profile: string, on: boolean): Promise<void> {
    const { now } = this;
    now.following = now.following.filter((name) => name !== profile);
    if (on) now.following.push(profile);
    await this.home.save();
  }

  async setBackups(backups: BackupEntry[]): Promise<void> {
    this.now.backups = backups;
    await this.home.save();
  }
}
