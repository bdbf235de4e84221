/**
 * World info of a lent character: SillyTavern finds a character's extra books and applies entries' character filters
 * by the OPEN character's avatar, which a loan keeps (see cast.ts). WORLDINFO_ENTRIES_LOADED hands every listener the
 * lists before they are used, so they are put right there.
 */

import { context, type STCharacter } from "./context.js";

export interface LoreEntry {
  world?: string;
  characterFilter?: { names?: string[]; tags?: string[]; isExclude?: boolean };
  [key: string]: unknown;
}

export interface LoadedLore {
  globalLore: LoreEntry[];
  characterLore: LoreEntry[];
  chatLore: LoreEntry[];
  personaLore: LoreEntry[];
}

/** Does an entry with this filter apply to the character? The rule of SillyTavern's world-info.js. */
export function filterAllows(
  filter: LoreEntry["characterFilter"],
  fileName: string,
  tags: readonly string[],
): boolean {
  if (filter === undefined) return true;
  const exclude = filter.isExclude === true;
  if (filter.names?.length && filter.names.includes(fileName) === exclude) return false;
  if (filter.tags?.length && filter.tags.some((tag) => tags.includes(tag)) === exclude) return false;
  return true;
}

/** Rewrites the lists in place for `character`; the open chat's own lore goes. */
export function fitLore(lore: LoadedLore, character: STCharacter, tags: readonly string[]): void {
  const fileName = character.avatar.replace(/\.[^/.]+$/, "");
  const ownBook = character.data?.extensions?.["world"];
  lore.chatLore.length = 0;
  const fitted = (entries: LoreEntry[], keep: (entry: LoreEntry) => boolean): LoreEntry[] =>
    entries
      .filter((entry) => keep(entry) && filterAllows(entry.characterFilter, fileName, tags))
      .map((entry) => {
        const checked = { ...entry };
        delete checked.characterFilter;
        return checked;
      });
  const replace = (list: LoreEntry[], keep: (entry: LoreEntry) => boolean): void => {
    list.splice(0, list.length, ...fitted(list, keep));
  };
  replace(lore.globalLore, () => true);
  replace(lore.personaLore, () => true);
  // Extra books that came along belong to the open character.
  replace(lore.characterLore, ({ world }) => world === ownBook);
}

const AUTHORS_NOTE = "2_floating_prompt";

/** Listens for the length of one build. Returns the undo. */
export function fitLoreFor(character: STCharacter): () => void {
  const { eventSource, eventTypes } = context();
  const event = eventTypes["WORLDINFO_ENTRIES_LOADED"];
  if (event === undefined) return () => undefined;
  const listener = (lore: LoadedLore): void => {
    const { tagMap, extensionPrompts } = context();
    fitLore(lore, character, tagMap?.[character.avatar] ?? []);
    // The open chat's author's note was just put in place; every visible generation puts it there anew.
    const note = extensionPrompts?.[AUTHORS_NOTE];
    if (note !== undefined) note.value = "";
  };
  eventSource.on(event, listener);
  return () => {
    eventSource.removeListener(event, listener);
  };
}
