/**
 * What the person decided about programs: kept with the extension's settings in SillyTavern, so that every browser of
 * theirs knows it. Never part of a shared profile: nobody else's settings may open this SillyTavern.
 */

import type { ScriptMode } from "../scripts/rules.js";

export type Policy = "allow" | "ask" | "refuse";

/** Commands by what they may do to the person's things. */
export type CommandClass = "destructive" | "change" | "speak";

export interface Remembered {
  /** As the hub words it: name and key. */
  caller: string;
  /** Id of the key. */
  key: string;
  /** A command's name, or a class as `*class`. */
  what: string;
  answer: "allow" | "refuse";
  /** ISO 8601. */
  time: string;
}

export interface StoredPermissions {
  /** By class, or by the name of a command, which goes first. */
  policies: Record<string, Policy>;
  /** What a question comes to in a tab that nobody sits at. */
  unattended: "allow" | "refuse";
  /** How long a question waits, in seconds; then it is refused. */
  seconds: number;
  remembered: Remembered[];
  scripts: { mode: ScriptMode; list: string };
}

export const POLICIES: readonly Policy[] = ["allow", "ask", "refuse"];
export const CLASSES: readonly CommandClass[] = ["destructive", "change", "speak"];
export const MODES: readonly ScriptMode[] = ["nothing", "harmless", "list", "all"];
export const SECONDS = { least: 5, usual: 60, most: 600 };
const MOST_REMEMBERED = 500;

export interface PermissionsHome {
  /** SillyTavern's live object of all extensions' settings. */
  all(): Record<string, unknown>;
  save(): void;
}

const NAMESPACE = "tavernlink";
export const FIELD = "permissions";

export class Permissions {
  private readonly listeners = new Set<() => void>();

  constructor(private readonly home: PermissionsHome) {}

  /** The live object, rid of what is no permission: a damaged one must not open anything. */
  get stored(): StoredPermissions {
    const all = this.home.all();
    const own = object(all[NAMESPACE]);
    all[NAMESPACE] = own;
    const found = object(own[FIELD]);
    const scripts = object(found["scripts"]);
    const seconds = Number(found["seconds"] ?? SECONDS.usual);
    const stored: StoredPermissions = {
      policies: Object.fromEntries(
        Object.entries(object(found["policies"])).map(([name, policy]) => [
          name,
          oneOf(POLICIES, policy, "ask"),
        ]),
      ),
      unattended: found["unattended"] === "allow" ? "allow" : "refuse",
      seconds: Number.isFinite(seconds)
        ? Math.min(SECONDS.most, Math.max(SECONDS.least, seconds))
        : SECONDS.usual,
      remembered: Array.isArray(found["remembered"]) ? found["remembered"].filter(isRemembered) : [],
      scripts: {
        mode: scripts["mode"] === undefined ? "harmless" : oneOf(MODES, scripts["mode"], "nothing"),
        list: typeof scripts["list"] === "string" ? scripts["list"] : "",
      },
    };
    own[FIELD] = stored;
    return stored;
  }

  policy(what: string, kind: CommandClass): Policy {
    const { policies } = this.stored;
    return policies[what] ?? policies[kind] ?? "allow";
  }

  setPolicy(what: string, policy: Policy | undefined): void {
    const { policies } = this.stored;
    if (policy === undefined) Reflect.deleteProperty(policies, what);
    else policies[what] = policy;
    this.changed();
  }

  change(change: Partial<Pick<StoredPermissions, "unattended" | "seconds" | "scripts">>): void {
    Object.assign(this.stored, change);
    this.changed();
  }

  recall(who: Caller, command: string, kind: CommandClass): Remembered | undefined {
    const { remembered } = this.stored;
    const find = (what: string): Remembered | undefined =>
      remembered.find((one) => isSame(one, { ...who, what }));
    return find(command) ?? find(`*${kind}`);
  }

  remember(choice: Remembered): void {
    const { stored } = this;
    stored.remembered = [choice, ...stored.remembered.filter((one) => !isSame(one, choice))].slice(
      0,
      MOST_REMEMBERED,
    );
    this.changed();
  }

  forget(choice: Remembered): void {
    const { stored } = this;
    stored.remembered = stored.remembered.filter((one) => !isSame(one, choice));
    this.changed();
  }

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  private changed(): void {
    this.home.save();
    for (const listener of this.listeners) listener();
  }
}

type Caller = Pick<Remembered, "caller" | "key">;

function isSame(one: Omit<Remembered, "answer" | "time">, other: typeof one): boolean {
  return one.caller === other.caller && one.key === other.key && one.what === other.what;
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function oneOf<Value extends string>(values: readonly Value[], value: unknown, otherwise: Value): Value {
  return values.find((one) => one === value) ?? otherwise;
}

function isRemembered(value: unknown): value is Remembered {
  const { caller, key, what, answer, time } = object(value);
  return (
    typeof caller === "string" &&
    typeof key === "string" &&
    typeof what === "string" &&
    typeof time === "string" &&
    (answer === "allow" || answer === "refuse")
  );
}
