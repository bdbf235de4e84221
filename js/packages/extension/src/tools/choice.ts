/**
 * Which functions the person lets the model use: everywhere, with one character or group, in one chat. What is said for
 * the chat goes before what is said for the character, and that before what holds everywhere.
 *
 * What holds everywhere and for characters is kept in the extension's settings, a chat's choice in the chat's metadata.
 */

import type { FunctionInfo } from "@tavernlink/client";

export type Scope = "everywhere" | "character" | "chat";
export type Choice = "all" | "none" | readonly string[];

interface Stored {
  everywhere?: unknown;
  characters?: unknown;
}

export interface ChoiceHome {
  /** The live settings of this extension. */
  settings(): Record<string, unknown>;
  saveSettings(): void;
  /** The open chat's metadata; undefined: none is open. */
  metadata(): Record<string, unknown> | undefined;
  saveMetadata(): void;
  /** Id and name of the open character or group. */
  character(): { id: string; name: string } | undefined;
}

const SETTING = "tools";
const METADATA = "tavernlink_tools";

/** Names a function from one connection to the next, which an address with an app's id in it does not. */
export function keyOf({ name, provider }: FunctionInfo): string {
  return provider.kind === "hub" ? `hub/${name}` : `${provider.kind}:${provider.name || provider.id}/${name}`;
}

/** For people. */
export function titleOf({ title, name }: FunctionInfo): string {
  return title === null || title === "" ? name : title;
}

function asChoice(value: unknown): Choice | undefined {
  if (value === "all" || value === "none") return value;
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : undefined;
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};

export class ToolChoice {
  constructor(private readonly home: ChoiceHome) {}

  get character(): { id: string; name: string } | undefined {
    return this.home.character();
  }

  get hasChat(): boolean {
    return this.home.metadata() !== undefined;
  }

  /** What is said for this scope itself; undefined: nothing. */
  own(scope: Scope): Choice | undefined {
    if (scope === "chat") return asChoice(this.home.metadata()?.[METADATA]);
    if (scope === "everywhere") return asChoice(this.stored.everywhere);
    const character = this.home.character();
    return character === undefined ? undefined : asChoice(asRecord(this.stored.characters)[character.id]);
  }

  /** What holds in this scope. */
  effective(scope: Scope = "chat"): Choice {
    if (scope === "everywhere") return this.own("everywhere") ?? "all";
    return this.own(scope) ?? this.effective(scope === "chat" ? "character" : "everywhere");
  }

  /** Undefined: as in the scope around it. */
  set(scope: Scope, choice: Choice | undefined): void {
    if (scope === "chat") {
      const metadata = this.home.metadata();
      if (metadata === undefined) return;
      put(metadata, METADATA, choice);
      this.home.saveMetadata();
      return;
    }
    const stored = this.stored as Record<string, unknown>;
    if (scope === "everywhere") put(stored, "everywhere", choice);
    else {
      const character = this.home.character();
      if (character === undefined) return;
      const characters = asRecord(stored["characters"]);
      put(characters, character.id, choice);
      stored["characters"] = characters;
    }
    this.home.settings()[SETTING] = stored;
    this.home.saveSettings();
  }

  allows(info: FunctionInfo, scope: Scope = "chat"): boolean {
    const choice = this.effective(scope);
    return choice === "all" || (choice !== "none" && choice.includes(keyOf(info)));
  }

  private get stored(): Stored {
    return asRecord(this.home.settings()[SETTING]);
  }
}

function put(target: Record<string, unknown>, key: string, choice: Choice | undefined): void {
  if (choice === undefined) Reflect.deleteProperty(target, key);
  else target[key] = typeof choice === "string" ? choice : [...choice];
}
