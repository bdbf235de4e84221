/**
 * Global regex scripts: a list in the settings. Their ids differ between SillyTaverns that made the same script, so
 * they go by their names; a second one of a name is “NAME #2”. Their order is their priority and stays as it is here.
 */

import type { Content, Item } from "../../profiles/item.js";
import { context } from "../context.js";
import { saveSettings, type ServerSettings } from "./server.js";
import type { Shelf } from "./shelf.js";

export class RegexShelf implements Shelf {
  read(_server: ServerSettings, wanted: (name: string) => boolean): Promise<Item[]> {
    const scripts = named(this.scripts()).filter(([name]) => wanted(name));
    return Promise.resolve(
      scripts.map(([name, content]) => ({ kind: "regex", name, content: structuredClone(content) })),
    );
  }

  write(name: string, content: Content): Promise<void> {
    const scripts = this.scripts();
    const index = named(scripts).findIndex(([known]) => known === name);
    if (index >= 0) scripts[index] = structuredClone(content);
    else scripts.push(structuredClone(content));
    return Promise.resolve();
  }

  remove(name: string): Promise<void> {
    const scripts = this.scripts();
    const index = named(scripts).findIndex(([known]) => known === name);
    if (index >= 0) scripts.splice(index, 1);
    return Promise.resolve();
  }

  /** Its editor is a dialog, and nothing is applied behind one. */
  isOpen(): boolean {
    return false;
  }

  async settle(): Promise<void> {
    await saveSettings();
    // Shows the list anew, and the messages as the scripts now have them; SillyTavern does the same on a change.
    const busy =
      document.body.dataset["generating"] === "true" || document.querySelector(".edit_textarea") !== null;
    if (!busy && context().getCurrentChatId() !== undefined) await context().reloadCurrentChat();
  }

  private scripts(): Content[] {
    const { extensionSettings } = context();
    if (!Array.isArray(extensionSettings["regex"])) extensionSettings["regex"] = [];
    return extensionSettings["regex"] as Content[];
  }
}

function named(scripts: readonly Content[]): [string, Content][] {
  const seen = new Map<string, number>();
  return scripts.map((script) => {
    const name = typeof script["scriptName"] === "string" ? script["scriptName"] : "";
    const number = (seen.get(name) ?? 0) + 1;
    seen.set(name, number);
    return [number === 1 && name !== "" ? name : `${name} #${number}`, script];
  });
}
