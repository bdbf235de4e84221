/**
 * Who the person at the keyboard is, for the length of one generation.
 *
 * SillyTavern has one user: `{{user}}`, the description in the prompt, the stop texts and the clean-up of replies all read
 * the globals of the selected persona. So a member of a room who speaks is lent those globals, and they are given back
 * when the reply is there. What the person changed meanwhile stays as they changed it.
 *
 * SillyTavern saves its settings when it likes, also in the middle of a turn, with the lent persona in them. They are
 * saved again when it is given back; for a page that dies before that, the own persona stands in the browser's storage
 * until the next start (`recoverPersona`).
 */

import { context } from "./context.js";
import { type ScriptModule } from "./script_module.js";

export interface Persona {
  name: string;
  description?: string | undefined;
  /** A data URL. */
  avatar?: string | undefined;
}

/** What a loan touches: the name, and these of SillyTavern's power user settings. */
const FIELDS = [
  "persona_description",
  "persona_description_position",
  "persona_description_lorebook",
] as const;

type Fields = Record<(typeof FIELDS)[number], unknown>;

interface Identity {
  name: string;
  fields: Fields;
}

/** `persona_description_positions.IN_PROMPT` */
const IN_PROMPT = 0;
const JOURNAL = "tavernlink.persona";

let lent: { own: Identity; other: Identity } | null = null;

function identity(): Identity {
  const { name1, powerUserSettings } = context();
  return {
    name: name1,
    fields: Object.fromEntries(FIELDS.map((field) => [field, powerUserSettings[field]])) as Fields,
  };
}

/** The person's own name where `name1` is the one that SillyTavern has now, which may be lent. */
export function ownName(name1: string): string {
  return lent !== null && lent.other.name === name1 ? lent.own.name : name1;
}

/** The description of the person's own persona, in the same way. */
export function ownDescription(described: unknown): unknown {
  return lent !== null && lent.other.fields.persona_description === described
    ? lent.own.fields.persona_description
    : described;
}

/** Lends the place of the person to who speaks in a turn; the last one is `{{user}}`. Returns what ends the loan. */
export function lendPersona(speakers: readonly Persona[], script: ScriptModule): () => void {
  const last = speakers.at(-1);
  if (last === undefined || script.setUserName === undefined || lent !== null) return () => undefined;
  const own = identity();
  const description = describe(speakers);
  const other: Identity = {
    name: last.name,
    fields: {
      persona_description: description,
      persona_description_position: description === "" ? own.fields.persona_description_position : IN_PROMPT,
      persona_description_lorebook: "",
    },
  };
  // Somebody who is called as the person is, and says no more of themselves, is the person.
  if (speakers.length === 1 && last.name === own.name && last.description === undefined)
    return () => undefined;
  lent = { own, other };
  localStorage.setItem(JOURNAL, JSON.stringify(lent));
  become(other, script);
  return () => {
    giveBack({ own, other }, script);
    lent = null;
  };
}

/** Gives the person's own persona back after a page that died in the middle of a turn. */
export function recoverPersona(script: ScriptModule): void {
  const kept = localStorage.getItem(JOURNAL);
  if (kept === null || script.setUserName === undefined) return;
  try {
    giveBack(JSON.parse(kept) as { own: Identity; other: Identity }, script);
  } catch {
    localStorage.removeItem(JOURNAL);
  }
}

function become({ name, fields }: Identity, script: ScriptModule): void {
  Object.assign(context().powerUserSettings, fields);
  if (context().name1 !== name) script.setUserName?.(name, { toastPersonaNameChange: false });
}

function giveBack({ own, other }: { own: Identity; other: Identity }, script: ScriptModule): void {
  const settings = context().powerUserSettings;
  for (const field of FIELDS)
    if (settings[field] === other.fields[field]) settings[field] = own.fields[field];
  if (context().name1 === other.name) script.setUserName?.(own.name, { toastPersonaNameChange: false });
  context().saveSettingsDebounced();
  localStorage.removeItem(JOURNAL);
}

/** The description of one speaker; of several, each under their name. */
function describe(speakers: readonly Persona[]): string {
  const named = new Map(speakers.map((speaker) => [speaker.name, speaker.description]));
  const all = [...named].filter((entry): entry is [string, string] => (entry[1] ?? "") !== "");
  return all
    .map(([name, text]) => (named.size === 1 ? plainText(text, name) : `${name}: ${plainText(text, name)}`))
    .join("\n\n");
}

/**
 * A text of a stranger's for the prompt: `{{user}}` is its speaker and `{{char}}` the character; other macros, some of
 * which have effects, are broken.
 */
export function plainText(text: string, user: string): string {
  return text.replaceAll(/\{\{user\}\}|<user>/gi, () => user).replaceAll(/\{\{(?!char\}\})/gi, "{ {");
}

/** A name as SillyTavern can bear it: in one line, and no macro. */
export function plainName(name: string): string {
  return name
    .replaceAll(/[\p{Cc}\s{}<>]+/gu, " ")
    .trim()
    .slice(0, 200);
}
