/** Regex scripts by their ids: the global ones, and those in the open character's card. */

import type { Content } from "../profiles/item.js";
import { checkOpen, isGroupOpen } from "./chat.js";
import { context } from "./context.js";
import { HostError } from "./failure.js";
import { RegexShelf } from "./library/regex_scripts.js";

export type RegexWhose = "global" | "character";

export interface KeptScript extends Content {
  id: string;
  scriptName: string;
}

export interface FoundScript {
  whose: RegexWhose;
  index: number;
  script: KeptScript;
}

const CARD_FIELD = "regex_scripts";

function character(): number | undefined {
  const { characterId } = context();
  return isGroupOpen() || characterId === undefined ? undefined : Number(characterId);
}

function list(whose: RegexWhose): KeptScript[] {
  const host = context();
  if (whose === "global") {
    const { extensionSettings } = host;
    if (!Array.isArray(extensionSettings["regex"])) extensionSettings["regex"] = [];
    return extensionSettings["regex"] as KeptScript[];
  }
  const index = character();
  const found = index === undefined ? undefined : host.characters[index]?.data?.extensions?.[CARD_FIELD];
  return Array.isArray(found) ? (found as KeptScript[]) : [];
}

export function listScripts(whose?: RegexWhose): FoundScript[] {
  const places: RegexWhose[] = whose === undefined ? ["global", "character"] : [whose];
  return places.flatMap((place) => {
    const scripts = list(place);
    // Very old ones have no id.
    for (const script of scripts) script.id ||= crypto.randomUUID();
    return scripts.map((script, index) => ({ whose: place, index, script }));
  });
}

/** By id, else by name: the first that has it. */
export function findScript(wanted: string): FoundScript {
  const all = listScripts();
  const found =
    all.find(({ script }) => script.id === wanted) ?? all.find(({ script }) => script.scriptName === wanted);
  if (found !== undefined) return found;
  throw new HostError("unknown_item", `There is no regex script “${wanted}”.`, { script: wanted });
}

export async function putScript(whose: RegexWhose, script: KeptScript, index?: number): Promise<void> {
  const scripts = [...list(whose)];
  if (index === undefined) scripts.push(script);
  else scripts[index] = script;
  await keep(whose, scripts);
}

export async function removeScript({ whose, index }: FoundScript): Promise<void> {
  await keep(
    whose,
    list(whose).filter((_script, at) => at !== index),
  );
}

async function keep(whose: RegexWhose, scripts: KeptScript[]): Promise<void> {
  const host = context();
  if (whose === "global") {
    list("global").splice(0, Infinity, ...scripts);
  } else {
    checkOpen();
    const index = character();
    const avatar = index === undefined ? undefined : host.characters[index]?.avatar;
    if (index === undefined || avatar === undefined || host.writeExtensionField === undefined)
      throw new HostError("group_open", "A group is open; open the character whose script it is.");
    await host.writeExtensionField(index, CARD_FIELD, scripts);
    allow(avatar);
  }
  await new RegexShelf().settle();
}

/** Scripts of a card work when the person allows them, or makes them here: SillyTavern does the same. */
function allow(avatar: string): void {
  const { extensionSettings } = context();
  const allowed = extensionSettings["character_allowed_regex"];
  if (!Array.isArray(allowed)) extensionSettings["character_allowed_regex"] = [avatar];
  else if (!allowed.includes(avatar)) allowed.push(avatar);
}

/** Throws `invalid_pattern` for what SillyTavern could not use: a text, or `/pattern/flags`. */
export function checkPattern(find: string): void {
  const parts = /^\/([\w\W]+?)\/([gimsuy]*)$/.exec(find);
  try {
    new RegExp(parts?.[1] ?? find, parts?.[2] ?? "");
  } catch (thrown) {
    throw new HostError("invalid_pattern", (thrown as Error).message, { argument: "find" });
  }
}
