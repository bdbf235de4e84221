/** Lorebooks: which there are, where they are in use, and their entries. Saved by the same shelf that profiles use. */

import { context, type STCharacter } from "./context.js";
import { HostError } from "./failure.js";
import { LorebookShelf } from "./library/lorebooks.js";
import { loadModule, saveSettings } from "./library/server.js";
import { saveChat } from "./saves.js";

export interface RawEntry extends Record<string, unknown> {
  uid: number;
}

export interface RawBook extends Record<string, unknown> {
  entries: Record<string, RawEntry>;
}

export interface WorldUse {
  name: string;
  active: boolean;
  chat: boolean;
  persona: boolean;
  characters: string[];
}

interface WorldModule {
  selected_world_info?: string[];
  world_info?: { charLore?: { name: string; extraBooks?: string[] }[] };
  createWorldInfoEntry?: (name: string, data: RawBook) => RawEntry | undefined;
  newWorldInfoEntryTemplate?: Record<string, unknown>;
  originalWIDataKeyMap?: Record<string, string>;
  setWIOriginalDataValue?: (data: RawBook, uid: number, key: string, value: unknown) => void;
  deleteWIOriginalDataValue?: (data: RawBook, uid: number) => void;
}

const METADATA = "world_info";
/** What SillyTavern's server would take out of a file name. */
const UNFIT = /[/\\?%*:|"<>\p{Cc}]|^[.\s]|[.\s]$|^$/u;
const shelf = new LorebookShelf();

async function module(): Promise<WorldModule> {
  return (await loadModule("/scripts/world-info.js")) ?? {};
}

function checkKnown(name: string): void {
  if (context().getWorldInfoNames().includes(name)) return;
  throw new HostError("unknown_item", `There is no lorebook “${name}”.`, { world: name });
}

function ownBook({ data }: STCharacter): unknown {
  return data?.extensions?.["world"];
}

export async function listWorlds(): Promise<WorldUse[]> {
  const { selected_world_info: selected = [], world_info: info } = await module();
  const host = context();
  const stems = new Map(host.characters.map(({ avatar }) => [avatar.replace(/\.[^/.]+$/, ""), avatar]));
  return host.getWorldInfoNames().map((name) => {
    const primary = host.characters.filter((character) => ownBook(character) === name);
    const extra = (info?.charLore ?? []).filter(({ extraBooks }) => extraBooks?.includes(name) === true);
    const avatars = [
      ...primary.map(({ avatar }) => avatar),
      ...extra.flatMap((lore) => stems.get(lore.name) ?? []),
    ];
    return {
      name,
      active: selected.includes(name),
      chat: host.chatMetadata[METADATA] === name,
      persona: host.powerUserSettings["persona_description_lorebook"] === name,
      characters: [...new Set(avatars)],
    };
  });
}

export async function findWorld(name: string): Promise<WorldUse> {
  checkKnown(name);
  const found = (await listWorlds()).find((world) => world.name === name);
  if (found === undefined) throw new HostError("unknown_item", `There is no lorebook “${name}”.`);
  return found;
}

/** As the person sees it in an open editor, else as it is on disk: another tab may have saved it. */
export async function readWorld(name: string): Promise<RawBook> {
  checkKnown(name);
  const [item] = shelf.isOpen(name) ? [] : await shelf.read({ world_names: [name] }, () => true);
  const book = (item?.content ?? (await context().loadWorldInfo(name))) as Partial<RawBook> | null;
  if (typeof book?.entries !== "object")
    throw new HostError("command_failed", `The lorebook “${name}” has no entries that could be read.`);
  return book as RawBook;
}

export async function createWorld(name: string): Promise<WorldUse> {
  if (UNFIT.test(name))
    throw new HostError("invalid_message", "The name of a lorebook is a file name: no slashes or colons.", {
      argument: "name",
    });
  // Files of names that differ in capitals alone are one file on some systems.
  const folded = name.toLowerCase();
  if (
    context()
      .getWorldInfoNames()
      .some((known) => known.toLowerCase() === folded)
  )
    throw new HostError("item_exists", `There is a lorebook “${name}” already. Choose another name.`);
  await shelf.write(name, { entries: {} });
  return findWorld(name);
}

export async function deleteWorld(name: string): Promise<void> {
  checkKnown(name);
  await shelf.remove(name);
  if (context().getWorldInfoNames().includes(name))
    throw new HostError("command_failed", `SillyTavern did not delete the lorebook “${name}”.`);
}

export async function activateWorld(name: string, active: boolean): Promise<WorldUse> {
  checkKnown(name);
  const select = document.querySelector<HTMLSelectElement>("#world_info");
  const option = [...(select?.options ?? [])].find(({ textContent }) => textContent === name);
  if (select === null || option === undefined)
    throw new HostError("command_failed", "SillyTavern's list of active lorebooks was not found.");
  if (option.selected !== active) {
    option.selected = active;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await saveSettings();
  }
  return findWorld(name);
}

export async function bindToChat(name: string | undefined): Promise<void> {
  if (name !== undefined) checkKnown(name);
  const { chatMetadata } = context();
  if (name === undefined) Reflect.deleteProperty(chatMetadata, METADATA);
  else chatMetadata[METADATA] = name;
  mark(".chat_lorebook_button", name);
  await saveChat();
}

export async function bindToPersona(name: string | undefined, avatar: string): Promise<void> {
  if (name !== undefined) checkKnown(name);
  const { powerUserSettings } = context();
  powerUserSettings["persona_description_lorebook"] = name ?? "";
  const known = powerUserSettings["persona_descriptions"] as
    Record<string, { lorebook?: string }> | undefined;
  const own = known?.[avatar];
  if (own !== undefined) own.lorebook = name ?? "";
  mark("#persona_lore_button", name);
  await saveSettings();
}

export async function bindToCharacter(name: string | undefined, index: number): Promise<void> {
  if (name !== undefined) checkKnown(name);
  const host = context();
  await host.unshallowCharacter?.(index);
  if (host.writeExtensionField === undefined)
    throw new HostError("unsupported_backend", "This SillyTavern cannot change the card from outside.");
  await host.writeExtensionField(index, "world", name ?? "");
  if (Number(host.characterId) !== index) return;
  // The card's form is what SillyTavern saves the card from.
  const field = document.querySelector<HTMLInputElement | HTMLSelectElement>("#character_world");
  if (field !== null) field.value = name ?? "";
  mark("#world_button", name);
}

function mark(selector: string, name: string | undefined): void {
  for (const button of document.querySelectorAll(selector))
    button.classList.toggle("world_set", name !== undefined);
}

/** Changes entries of a book and saves it. */
export class BookEdit {
  private constructor(
    readonly name: string,
    readonly book: RawBook,
    private readonly world: WorldModule,
  ) {}

  static async open(name: string): Promise<BookEdit> {
    return new BookEdit(name, structuredClone(await readWorld(name)), await module());
  }

  /** Fields that a new entry has, with their defaults. */
  get template(): Readonly<Record<string, unknown>> {
    return this.world.newWorldInfoEntryTemplate ?? {};
  }

  entry(uid: number): RawEntry {
    const found = this.book.entries[String(uid)];
    if (found !== undefined) return found;
    throw new HostError("unknown_entry", `The lorebook “${this.name}” has no entry ${uid}.`, { uid });
  }

  add(): RawEntry {
    const made = this.world.createWorldInfoEntry?.(this.name, this.book);
    if (made === undefined)
      throw new HostError("command_failed", `SillyTavern made no entry in “${this.name}”.`);
    return made;
  }

  /** A book that was imported keeps what it came from beside its entries; that is kept the same. */
  set(entry: RawEntry, fields: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(fields)) {
      entry[name] = value;
      const original = this.world.originalWIDataKeyMap?.[name];
      if (original !== undefined) this.world.setWIOriginalDataValue?.(this.book, entry.uid, original, value);
    }
  }

  remove(uid: number): void {
    Reflect.deleteProperty(this.book.entries, String(this.entry(uid).uid));
    this.world.deleteWIOriginalDataValue?.(this.book, uid);
  }

  async save(): Promise<void> {
    await shelf.write(this.name, this.book);
  }
}
