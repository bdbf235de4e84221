/** All settings of this SillyTavern that can be shared, kind by kind: read, saved, removed as its own page does it. */

import type { ItemRef, ProfileKind } from "@tavernlink/client";

import { KINDS, type Item } from "../../profiles/item.js";
import { LorebookShelf } from "./lorebooks.js";
import { OwnSettingsShelf } from "./own_settings.js";
import { PresetShelf } from "./presets.js";
import { QuickReplyShelf } from "./quick_replies.js";
import { RegexShelf } from "./regex_scripts.js";
import { readServerSettings } from "./server.js";
import type { Shelf } from "./shelf.js";

export class Library {
  private readonly shelves: Readonly<Record<ProfileKind, Shelf>> = {
    chat_completion: new PresetShelf("chat_completion"),
    text_completion: new PresetShelf("text_completion"),
    instruct: new PresetShelf("instruct"),
    context: new PresetShelf("context"),
    sysprompt: new PresetShelf("sysprompt"),
    reasoning: new PresetShelf("reasoning"),
    lorebook: new LorebookShelf(),
    regex: new RegexShelf(),
    quick_reply: new QuickReplyShelf(),
    tavernlink: new OwnSettingsShelf(),
  };

  /** Items as they are kept now, with all their fields; `wanted` says which to look at. */
  async read(wanted: (ref: ItemRef) => boolean): Promise<Item[]> {
    const server = await readServerSettings();
    const found = await Promise.all(
      KINDS.map((kind) => this.shelves[kind].read(server, (name) => wanted({ kind, name }))),
    );
    return found.flat();
  }

  async write({ kind, name, content }: Item): Promise<void> {
    await this.shelves[kind].write(name, content);
  }

  async remove({ kind, name }: ItemRef): Promise<void> {
    await this.shelves[kind].remove(name);
  }

  isOpen({ kind, name }: ItemRef): boolean {
    return this.shelves[kind].isOpen(name);
  }

  /** A published item as this place would keep it. */
  fit(item: Item, local: Item | undefined): Item {
    return { ...item, content: this.shelves[item.kind].fit?.(item.content, local?.content) ?? item.content };
  }

  /** After a number of writes. */
  async settle(kinds: ReadonlySet<ProfileKind>): Promise<void> {
    for (const kind of KINDS) if (kinds.has(kind)) await this.shelves[kind].settle?.();
  }
}
