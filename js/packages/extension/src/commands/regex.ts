/** `regex.*`: regex scripts, under names of their own instead of SillyTavern's numbers. */

import type { Done, RegexMacros, RegexPlacement, RegexScript } from "@tavernlink/client";

import {
  checkPattern,
  findScript,
  listScripts,
  putScript,
  removeScript,
  type FoundScript,
  type KeptScript,
} from "../host/regex_scripts.js";
import { alone } from "./alone.js";
import {
  choice,
  flag,
  optionalChoice,
  optionalFlag,
  optionalInteger,
  optionalText,
  optionalTexts,
  text,
  type Arguments,
} from "./arguments.js";
import { HostError } from "../host/failure.js";
import type { Noun } from "./noun.js";

const PLACEMENTS: Readonly<Record<RegexPlacement, number>> = {
  user: 1,
  ai: 2,
  slash: 3,
  world: 5,
  reasoning: 6,
};
/** In the order of SillyTavern's numbers. */
const MACROS: readonly RegexMacros[] = ["none", "raw", "escaped"];
const WHOSE = ["global", "character"] as const;

function describe({ whose, script }: FoundScript): RegexScript {
  const strings = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
  const numbers = Array.isArray(script["placement"]) ? (script["placement"] as unknown[]) : [];
  const words = Object.entries(PLACEMENTS).filter(([, number]) => numbers.includes(number));
  const depth = (name: string): number | null => {
    const value = script[name];
    return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : null;
  };
  return {
    id: script.id,
    name: script.scriptName,
    whose,
    enabled: script["disabled"] !== true,
    find: typeof script["findRegex"] === "string" ? script["findRegex"] : "",
    replace: typeof script["replaceString"] === "string" ? script["replaceString"] : "",
    trim: strings(script["trimStrings"]),
    placement: words.map(([word]) => word as RegexPlacement),
    display_only: script["markdownOnly"] === true,
    prompt_only: script["promptOnly"] === true,
    run_on_edit: script["runOnEdit"] === true,
    macros: MACROS[Number(script["substituteRegex"] ?? 0)] ?? "none",
    min_depth: depth("minDepth"),
    max_depth: depth("maxDepth"),
  };
}

/** What was given, under SillyTavern's names. */
function given(args: Arguments): Record<string, unknown> {
  const find = optionalText(args, "find");
  if (find !== undefined) checkPattern(find);
  const macros = optionalChoice(args, "macros", MACROS);
  const depth = (name: string): number | null | undefined => {
    const value = optionalInteger(args, name);
    return value === undefined || value >= 0 ? value : null;
  };
  const fields: Record<string, unknown> = {
    scriptName: optionalText(args, "name"),
    findRegex: find,
    replaceString: optionalText(args, "replace"),
    trimStrings: optionalTexts(args, "trim"),
    placement: optionalTexts(args, "placement")?.map(placement),
    markdownOnly: optionalFlag(args, "display_only"),
    promptOnly: optionalFlag(args, "prompt_only"),
    runOnEdit: optionalFlag(args, "run_on_edit"),
    substituteRegex: macros === undefined ? undefined : MACROS.indexOf(macros),
    minDepth: depth("min_depth"),
    maxDepth: depth("max_depth"),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function placement(word: string): number {
  const number = (PLACEMENTS as Record<string, number | undefined>)[word];
  if (number !== undefined) return number;
  throw new HostError("invalid_message", `“${word}” is nothing that a regex script works on.`, {
    argument: "placement",
  });
}

async function add(args: Arguments): Promise<RegexScript> {
  const whose = choice(args, "whose", WHOSE, "global");
  const id = crypto.randomUUID();
  const script: KeptScript = {
    id,
    scriptName: text(args, "name"),
    findRegex: text(args, "find"),
    replaceString: "",
    trimStrings: [],
    placement: [PLACEMENTS.ai],
    disabled: !flag(args, "enabled", true),
    markdownOnly: false,
    promptOnly: false,
    runOnEdit: true,
    substituteRegex: 0,
    minDepth: null,
    maxDepth: null,
    ...given(args),
  };
  await putScript(whose, script);
  return describe(findScript(id));
}

async function change(args: Arguments, fields: Record<string, unknown>): Promise<RegexScript> {
  const { whose, index, script } = findScript(text(args, "script"));
  await putScript(whose, { ...script, ...fields }, index);
  return describe(findScript(script.id));
}

async function remove(args: Arguments): Promise<Done> {
  await removeScript(findScript(text(args, "script")));
  return {};
}

export const regex = {
  "regex.list": {
    lane: "immediate",
    run: async (_host, args) =>
      Promise.resolve(listScripts(optionalChoice(args, "whose", WHOSE)).map(describe)),
  },
  "regex.get": {
    lane: "immediate",
    run: async (_host, args) => Promise.resolve(describe(findScript(text(args, "script")))),
  },
  "regex.add": { lane: "visible", run: (host, args, call) => alone(host, call, () => add(args)) },
  "regex.edit": {
    lane: "visible",
    run: (host, args, call) => alone(host, call, () => change(args, given(args))),
  },
  "regex.enable": {
    lane: "visible",
    run: (host, args, call) =>
      alone(host, call, () => change(args, { disabled: !flag(args, "enabled", true) })),
  },
  "regex.delete": {
    lane: "visible",
    run: (host, args, call) => alone(host, call, () => remove(args)),
  },
} satisfies Noun;
