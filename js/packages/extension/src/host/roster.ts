/**
 * The page's list of characters: finding one, and having the page follow a change that was made on SillyTavern's server.
 */

import { findCharacter } from "./cast.js";
import { context, type STCharacter } from "./context.js";
import { throwIfBlocked } from "./dialog.js";
import { HostError } from "./failure.js";
import { type Host } from "./host.js";
import { here, pointTo } from "./places.js";

/** What a change needs of the page. */
export type Roster = Pick<Host, "script">;

/** Runs a change of what the whole page shares while no text is generated and no prompt is built. */
export async function alone<T>(
  { gate }: Pick<Host, "gate">,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  throwIfBlocked();
  await gate.whenIdle(signal);
  throwIfBlocked();
  // A build lends entries of the list of characters, see cast.ts.
  const release = await gate.reserve(signal);
  try {
    return await work();
  } finally {
    release();
  }
}

/** The character as the page has it: without its card where SillyTavern loads cards lazily. */
export function find(wanted: string): STCharacter {
  const character = context().characters[findCharacter(wanted)];
  if (character === undefined) throw new HostError("unknown_character", "The character is gone.");
  return character;
}

/** The character with its whole card, as it is on disk. */
export async function readCharacter(avatar: string): Promise<STCharacter> {
  const answer = await fetch("/api/characters/get", {
    method: "POST",
    headers: context().getRequestHeaders(),
    body: JSON.stringify({ avatar_url: avatar }),
    cache: "no-cache",
  });
  if (answer.status === 404 || answer.status === 400) {
    throw new HostError("unknown_character", `SillyTavern has no character “${avatar}” any more.`, {
      character: avatar,
    });
  }
  if (!answer.ok) {
    throw new HostError("command_failed", `SillyTavern did not read the card (status ${answer.status}).`);
  }
  return (await answer.json()) as STCharacter;
}

/** Throws `name_taken` where another character than `avatar` has the name. */
export function checkName(name: string, avatar?: string): void {
  const other = context().characters.find((found) => found.name === name && found.avatar !== avatar);
  if (other === undefined) return;
  throw new HostError(
    "name_taken",
    `There is a character called “${name}” already. Set same_name to have two of them.`,
    { name, character: other.avatar },
  );
}

/** Throws `unknown_item` for a lorebook that is not there. */
export function checkLorebook(name: unknown): void {
  if (typeof name !== "string" || name === "" || context().getWorldInfoNames().includes(name)) return;
  throw new HostError("unknown_item", `SillyTavern has no lorebook “${name}”.`, { lorebook: name });
}

/** Reads the list of characters again. The open one keeps the chat that is open in this page. */
export async function reload(): Promise<void> {
  await keepingChat(() => context().getCharacters());
}

/** Reads one again, tells the page's listeners, and shows it in the form where that shows this character. */
export async function reloadOne(host: Roster, avatar: string): Promise<void> {
  await keepingChat(() => context().getOneCharacter(avatar));
  const { characters, eventSource, eventTypes } = context();
  const id = characters.findIndex((found) => found.avatar === avatar);
  await eventSource.emit(eventTypes["CHARACTER_EDITED"] ?? "character_edited", {
    detail: { id: String(id), character: characters[id] },
  });
  const shown = document.querySelector<HTMLInputElement>("#avatar_url_pole")?.value;
  const editing = document.querySelector("#form_create")?.getAttribute("actiontype") === "editcharacter";
  if (editing && shown === avatar) host.script.select_selected_character?.(id, { switchMenu: false });
  host.script.printCharactersDebounced?.();
}

/** A card on disk names the chat that was chosen last, which need not be the one that this page shows. */
async function keepingChat(work: () => Promise<void>): Promise<void> {
  const { character, chat } = here();
  await work();
  if (character === null || chat === null || here().character !== character || here().chat === chat) return;
  pointTo(character, chat);
}
