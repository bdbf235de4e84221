/**
 * Sharing settings with other SillyTaverns: publish, take over, undo, follow.
 *
 * Everything goes one after the other. What is overwritten is backed up first; what was changed here since it was last
 * applied, or is being changed, is left alone unless a person (or an app that says so) chooses otherwise.
 */

import type {
  ItemChange,
  ItemRef,
  Messages,
  Outcome,
  Profile,
  ProfileInfo,
  ProfileKind,
  Results,
} from "@tavernlink/client";

import { HostError } from "../host/failure.js";
import type { Backups, Before } from "./backups.js";
import { fingerprint, keyOf, type Item } from "./item.js";
import type { BackupEntry, Memory } from "./memory.js";
import { makePlan, type Plan, type Step } from "./plan.js";
import { withLocalSecrets, withoutSecrets } from "./secrets.js";

export interface Shelves {
  read(wanted: (ref: ItemRef) => boolean): Promise<Item[]>;
  write(item: Item): Promise<void>;
  remove(ref: ItemRef): Promise<void>;
  isOpen(ref: ItemRef): boolean;
  fit(item: Item, local: Item | undefined): Item;
  settle(kinds: ReadonlySet<ProfileKind>): Promise<void>;
}

export type Asks = Extract<keyof Results, `profile.${string}`>;
export type Ask = <Type extends Asks>(type: Type, content: Messages[Type]) => Promise<Outcome>;

export interface Selection {
  kinds?: readonly ProfileKind[];
  items?: readonly ItemRef[];
}

export interface ApplyOptions {
  version?: number;
  /** Only these. */
  items?: readonly ItemRef[];
  /** Also what was changed here since. */
  overwrite?: boolean;
  dryRun?: boolean;
  /** Asks the person; undefined: nothing is to be done. */
  choose?: (changes: ItemChange[], info: ProfileInfo) => Promise<ReadonlySet<string> | undefined>;
}

export interface Applied {
  profile: string;
  version: number;
  changes: ItemChange[];
  applied: ItemRef[];
  backup: string | null;
}

export interface Restored {
  profile: string;
  version: number;
  restored: ItemRef[];
  backup: string;
}

export class Profiles {
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ask: Ask,
    private readonly shelves: Shelves,
    readonly memory: Memory,
    readonly backups: Backups,
  ) {}

  list(): Promise<ProfileInfo[]> {
    return this.asked("profile.list", {});
  }

  /** Everything that could be published, without secrets. */
  async offered(): Promise<Item[]> {
    return (await this.shelves.read(() => true)).map(withoutSecrets);
  }

  publish(profile: string, { kinds = [], items = [] }: Selection, note = ""): Promise<ProfileInfo> {
    return this.inTurn(async () => {
      const named = new Set(items.map(keyOf));
      const chosen = await this.shelves.read((ref) => kinds.includes(ref.kind) || named.has(keyOf(ref)));
      const missing = items.filter((ref) => !chosen.some((item) => keyOf(item) === keyOf(ref)));
      if (missing.length > 0)
        throw new HostError("unknown_item", `There is no ${missing.map(keyOf).join(", ")} here.`, {
          items: missing,
        });
      if (chosen.length === 0)
        throw new HostError("unknown_item", "Nothing was chosen, or there is nothing of these kinds here.");
      const published = chosen.map(withoutSecrets);
      const info = await this.asked("profile.save", { profile, items: published, note });
      const prints = Object.fromEntries(published.map((item) => [keyOf(item), fingerprint(item.content)]));
      await this.memory.setApplied(profile, { version: info.version, items: prints });
      return info;
    });
  }

  apply(profile: string, options: ApplyOptions = {}): Promise<Applied> {
    return this.inTurn(async () => {
      const { version } = options;
      const published: Profile = await this.asked("profile.get", {
        profile,
        ...(version === undefined ? {} : { version }),
      });
      const plan = await this.plan(published, options.items);
      const { info } = published;
      const changes = plan.steps.map(({ change }) => change);
      const done: Applied = { profile, version: info.version, changes, applied: [], backup: null };
      if (options.dryRun === true) return done;
      const chosen = await this.chosen(plan, info, options);
      if (chosen === undefined) return done;
      await this.carryOut(chosen, plan, done);
      return done;
    });
  }

  undo(id?: string): Promise<Restored> {
    return this.inTurn(async () => {
      const entry = this.entry(id);
      const before = await this.backups.read(entry.id);
      if (before === undefined) {
        await this.backups.remove(entry.id);
        throw new HostError("unknown_backup", "The file of this backup is no longer there.");
      }
      const { profile, version } = entry;
      const named = new Set(before.map(keyOf));
      const now = new Map(
        (await this.shelves.read((ref) => named.has(keyOf(ref)))).map((item) => [keyOf(item), item]),
      );
      const backup = await this.backups.add(
        { reason: "undo", profile, version },
        before.map(({ kind, name }) => ({
          kind,
          name,
          content: now.get(`${kind}/${name}`)?.content ?? null,
        })),
      );
      for (const { kind, name, content } of before) {
        if (content !== null) await this.shelves.write({ kind, name, content });
        else if (now.has(`${kind}/${name}`)) await this.shelves.remove({ kind, name });
      }
      await this.shelves.settle(new Set(before.map(({ kind }) => kind)));
      await this.backups.remove(entry.id);
      return { profile, version, restored: before.map(refOf), backup: backup.id };
    });
  }

  private entry(id: string | undefined): BackupEntry {
    const { list } = this.backups;
    const found =
      id === undefined ? list.find(({ reason }) => reason === "apply") : list.find((one) => one.id === id);
    if (found === undefined) throw new HostError("unknown_backup", "There is nothing that could be undone.");
    return found;
  }

  private async plan({ info, items }: Profile, only: readonly ItemRef[] | undefined): Promise<Plan> {
    const { items: applied } = this.memory.applied(info.profile);
    const named = only === undefined ? undefined : new Set(only.map(keyOf));
    const wanted = (key: string): boolean => named?.has(key) ?? true;
    const published = items.filter((item) => wanted(keyOf(item)));
    const before = Object.fromEntries(Object.entries(applied).filter(([key]) => wanted(key)));
    const keys = new Set([...published.map(keyOf), ...Object.keys(before)]);
    return makePlan({
      published,
      local: await this.shelves.read((ref) => keys.has(keyOf(ref))),
      applied: before,
      isOpen: (ref) => this.shelves.isOpen(ref),
      fit: (item, local) => this.shelves.fit(item, local),
    });
  }

  /** The steps to take; undefined: the person wants none. */
  private async chosen(
    { steps }: Plan,
    info: ProfileInfo,
    { choose, overwrite }: ApplyOptions,
  ): Promise<Step[] | undefined> {
    if (choose === undefined)
      return steps.filter(({ change }) => overwrite === true || change.held === undefined);
    const keys = await choose(
      steps.map(({ change }) => change),
      info,
    );
    return keys === undefined ? undefined : steps.filter(({ change }) => keys.has(keyOf(change)));
  }

  private async carryOut(steps: Step[], plan: Plan, done: Applied): Promise<void> {
    const { profile, version } = done;
    if (steps.length > 0) {
      const before: Before[] = steps.map(({ change, local }) => ({
        ...refOf(change),
        content: local?.content ?? null,
      }));
      done.backup = (await this.backups.add({ reason: "apply", profile, version }, before)).id;
    }
    const failed: { item: ItemRef; error: string }[] = [];
    for (const { change, item, local } of steps) {
      try {
        if (item === undefined) await this.shelves.remove(change);
        else await this.shelves.write({ ...item, content: withLocalSecrets(item.content, local?.content) });
        done.applied.push(refOf(change));
      } catch (error) {
        failed.push({ item: refOf(change), error: error instanceof Error ? error.message : String(error) });
      }
    }
    await this.shelves.settle(new Set(done.applied.map(({ kind }) => kind)));
    await this.remember(plan, done);
    if (failed.length > 0)
      throw new HostError(
        "command_failed",
        `${failed.length} of ${steps.length} items could not be saved; the others were. Undo puts them back.`,
        { failed, applied: done.applied, backup: done.backup },
      );
  }

  /** What is here now, read again: that is what a later change is told by. */
  private async remember({ same }: Plan, { profile, version, applied }: Applied): Promise<void> {
    const known = { ...this.memory.applied(profile).items };
    const keys = new Set(applied.map(keyOf));
    const now = applied.length === 0 ? [] : await this.shelves.read((ref) => keys.has(keyOf(ref)));
    for (const key of keys) Reflect.deleteProperty(known, key);
    for (const item of [...same, ...now]) known[keyOf(item)] = fingerprint(withoutSecrets(item).content);
    await this.memory.setApplied(profile, { version, items: known });
  }

  private async asked<Type extends Asks>(type: Type, content: Messages[Type]): Promise<Results[Type]> {
    const outcome = await this.ask(type, content);
    if (outcome.ok) return outcome.result as Results[Type];
    const { code, message, details } = outcome.error;
    throw new HostError(code, message, details);
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

function refOf({ kind, name }: ItemRef): ItemRef {
  return { kind, name };
}
