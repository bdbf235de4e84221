/**
 * Following: a new version of a profile that the person follows is applied by itself, in a quiet moment.
 *
 * Quiet is a page in which nothing is generated, no dialog is open and no message is being edited. What is held back
 * for an editor that is open is tried again later; what was changed here is reported and left to the person.
 */

import type { ProfileChanged, ProfileInfo } from "@tavernlink/client";

import type { Applied, Profiles } from "./profiles.js";

export interface FollowPage {
  /** Resolves in a quiet moment. */
  whenQuiet(): Promise<void>;
  /** Calls back later; for what could not be done now. */
  later(call: () => void): void;
  /** One browser's tabs of one SillyTavern go one after the other. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>;
  report(event: FollowEvent): void;
}

export type FollowEvent =
  | { name: "applied"; done: Applied }
  /** There are items that a person must decide about. */
  | { name: "held"; done: Applied }
  | { name: "deleted"; profile: string }
  | { name: "failed"; profile: string; error: unknown };

export class Follow {
  private readonly due = new Set<string>();
  private running = false;
  /** Profile → version whose conflicts were told already. */
  private readonly told = new Map<string, number>();

  constructor(
    private readonly profiles: Profiles,
    private readonly page: FollowPage,
  ) {}

  receiveChanged({ profile, version }: ProfileChanged): void {
    if (!this.profiles.memory.follows(profile)) return;
    if (version === 0) this.page.report({ name: "deleted", profile });
    else this.start(profile);
  }

  /** After a connection: what changed while we were away. */
  async catchUp(): Promise<void> {
    const { memory } = this.profiles;
    if (memory.now.following.length === 0) return;
    let known: ProfileInfo[];
    try {
      known = await this.profiles.list();
    } catch {
      return; // the line is down again; the next connection comes here too
    }
    for (const { profile, version } of known) {
      if (memory.follows(profile) && memory.applied(profile).version !== version) this.start(profile);
    }
  }

  /** The person has just switched it on. */
  start(profile: string): void {
    this.due.add(profile);
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      for (const profile of this.due) {
        await this.page.whenQuiet();
        this.due.delete(profile);
        if (this.profiles.memory.follows(profile)) await this.applyOne(profile);
      }
    } finally {
      this.running = false;
    }
    if (this.due.size > 0) void this.run();
  }

  private async applyOne(profile: string): Promise<void> {
    try {
      const done = await this.page.alone(() => this.profiles.apply(profile));
      if (done.applied.length > 0) this.page.report({ name: "applied", done });
      const held = done.changes.filter((change) => change.held !== undefined);
      if (held.length > 0 && this.told.get(profile) !== done.version) {
        this.told.set(profile, done.version);
        this.page.report({ name: "held", done });
      }
      if (held.some((change) => change.held === "open"))
        this.page.later(() => {
          this.start(profile);
        });
    } catch (error) {
      this.page.report({ name: "failed", profile, error });
    }
  }
}
