/**
 * Which commands and macros a script may use. Pure: it is told names, and answers with the rule that refuses.
 *
 * The person chooses one of four modes; the caller and the hub can only narrow that.
 */

import { HostError } from "../host/failure.js";
import {
  ACTING_MACROS,
  BLIND_COMMANDS,
  HARMLESS_COMMANDS,
  READING_MACROS,
  SECRET_COMMANDS,
} from "./names.js";

export type ScriptMode = "nothing" | "harmless" | "list" | "all";

export interface ScriptSettings {
  mode: ScriptMode;
  /** With `list`: names of commands, and of macros as `{{name}}`. */
  list: readonly string[];
}

export type Rule =
  | "scripts_off"
  | "not_in_list"
  | "narrowed"
  | "secret"
  | "third_party"
  | "macro"
  | "shows_elsewhere"
  | "makes_something"
  | "runs_unchecked"
  | "types_command";

export interface CommandFacts {
  /** The name and every alias under which SillyTavern knows it. */
  names: readonly string[];
  /** It comes from an extension that SillyTavern does not ship. */
  thirdParty: boolean;
}

const MACRO = /^\{\{(.+)\}\}$/;

export class ScriptRules {
  private readonly listed: ReadonlySet<string>;
  private readonly narrowing: readonly ReadonlySet<string>[];

  constructor(
    readonly settings: ScriptSettings,
    narrow: readonly (readonly string[])[] = [],
  ) {
    const list =
      settings.mode === "list" ? settings.list : settings.mode === "harmless" ? HARMLESS_COMMANDS : [];
    this.listed = new Set(list.map(fold));
    this.narrowing = narrow.map((names) => new Set(names.map(fold)));
  }

  /** Throws `not_allowed` where the person lets nobody run scripts. */
  checkOn(): void {
    if (this.settings.mode === "nothing")
      throw refusal("scripts_off", "Scripts are switched off in this SillyTavern (Tavernlink, Permissions).");
  }

  /** The rule that forbids this command, if one does. */
  forbids({ names, thirdParty }: CommandFacts): Rule | undefined {
    if (names.some((name) => SECRET_COMMANDS.has(name))) return "secret";
    const { mode } = this.settings;
    if (mode === "nothing") return "scripts_off";
    if (mode !== "all") {
      if (names.some((name) => BLIND_COMMANDS.has(name))) return "runs_unchecked";
      if (!names.some((name) => this.listed.has(fold(name)))) return "not_in_list";
      // Its name says nothing of what an extension's command of the same name does.
      if (mode === "harmless" && thirdParty) return "third_party";
    }
    if (this.narrowing.some((set) => !names.some((name) => set.has(fold(name))))) return "narrowed";
    return undefined;
  }

  /** Only what the person listed may show things; a reading command that is to answer into the chat is no reader. */
  get quiet(): boolean {
    return this.settings.mode === "harmless";
  }

  get unlimited(): boolean {
    return this.settings.mode === "all";
  }

  /**
   * The first macro in this text that may not be used; undefined: none. `layered`: macros are replaced one kind after
   * the other (SillyTavern's older engine), so that what one leaves behind can be read as another.
   */
  forbiddenMacro(text: string, layered: boolean): string | undefined {
    if (this.unlimited && this.narrowing.length === 0) return undefined;
    if (!text.includes("{{")) return undefined;
    const found = this.firstForbidden(text);
    if (found !== undefined || !layered) return found;
    for (const left of ["", "{"]) {
      const after = text.replaceAll(/\{\{[^{}]*\}\}/g, left);
      const next = after === text || !after.includes("{{") ? undefined : this.firstForbidden(after);
      if (next !== undefined) return next;
    }
    return undefined;
  }

  private firstForbidden(text: string): string | undefined {
    for (const name of macrosOf(text)) {
      if (READING_MACROS.has(name) || this.listed.has(`{{${name}}}`)) continue;
      const command = ACTING_MACROS[name];
      if (command !== undefined && this.forbids({ names: [command], thirdParty: false }) === undefined)
        continue;
      if (command === undefined && this.unlimited && this.narrowing.every((set) => set.has(`{{${name}}}`)))
        continue;
      return name;
    }
    return undefined;
  }
}

/**
 * The names of all macros in a text, in small letters. What cannot be read as a name (a macro whose name is put together
 * by another one) comes as it stands, so that no list has it.
 */
export function macrosOf(text: string): string[] {
  const found: string[] = [];
  for (let at = text.indexOf("{{"); at >= 0; at = text.indexOf("{{", at + 1)) {
    const rest = text.slice(at + 2);
    // A third brace: the macro begins one further on.
    if (rest.startsWith("{")) continue;
    const comment = /^\s*\/\//.test(rest);
    if (comment) {
      found.push("comment");
      continue;
    }
    const variable = /^\s*[!?~>/#\s]*([.$])\s*[\w-]*\s*(\}\})?/.exec(rest);
    if (variable !== null) {
      const global = variable[1] === "$";
      found.push(
        variable[2] === undefined ? (global ? "setglobalvar" : "setvar") : global ? "getglobalvar" : "getvar",
      );
      continue;
    }
    const name = /^[!?~>/#\s]*([A-Za-z][\w-]*?)(?:_UTC[-+]\d+)?\s*(?:\}\}|:|\s)/.exec(rest);
    found.push((name?.[1] ?? rest.slice(0, 40)).toLowerCase());
  }
  return found;
}

const REASONS: Readonly<Record<Rule, string>> = {
  scripts_off: "scripts are switched off in this SillyTavern",
  not_in_list: "it is not on the list of commands that this SillyTavern allows",
  narrowed: "the caller's or the hub's own list does not have it",
  secret: "it hands out secrets, which never leave this SillyTavern",
  third_party: "an extension has put a command of its own under this name; list it to allow it",
  macro: "it is not a macro that only reads; list it as {{name}} to allow it",
  shows_elsewhere: "its result would be shown in SillyTavern instead of given back; add return=pipe",
  makes_something: "it would make a lorebook; add create=false",
  runs_unchecked: "it runs things that cannot be looked at before",
  types_command: "it would type a command for SillyTavern to run later",
};

/** `not_allowed`, with the rule and what it forbade. `used` is what stands in the script. */
export function refusal(rule: Rule, message: string, details: Record<string, unknown> = {}): HostError {
  return new HostError("not_allowed", message, { rule, ...details });
}

export function refuseCommand(rule: Rule, used: string, details: Record<string, unknown> = {}): HostError {
  return refusal(rule, `The script may not use /${used}: ${REASONS[rule]}.`, { command: used, ...details });
}

export function refuseMacro(macro: string, details: Record<string, unknown> = {}): HostError {
  return refusal("macro", `The script may not use {{${macro}}}: ${REASONS.macro}.`, { macro, ...details });
}

/** What a person types as a list: names with or without a slash, between blanks, commas or lines. */
export function readList(text: string): string[] {
  const words = text
    .split(/[\s,;]+/)
    .map((word) => word.replace(/^\/+/, ""))
    .filter((word) => word !== "");
  return [...new Set(words)];
}

function fold(name: string): string {
  const macro = MACRO.exec(name);
  return macro === null ? name : `{{${(macro[1] ?? "").trim().toLowerCase()}}}`;
}
