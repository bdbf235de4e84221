/** This extension's own settings, without those that belong to this place: address, key, name, what it follows. */

import type { Content, Item } from "../../profiles/item.js";
import { isSecret } from "../../profiles/secrets.js";
import { context } from "../context.js";
import { saveSettings, type ServerSettings } from "./server.js";
import type { Shelf } from "./shelf.js";

export const OWN_NAME = "Tavernlink";
const NAMESPACE = "tavernlink";
const LOCAL: ReadonlySet<string> = new Set(["url", "key", "name", "remember", "profiles", "permissions"]);

export class OwnSettingsShelf implements Shelf {
  read(_server: ServerSettings, wanted: (name: string) => boolean): Promise<Item[]> {
    if (!wanted(OWN_NAME)) return Promise.resolve([]);
    const content = Object.fromEntries(
      Object.entries(this.stored()).filter(([name]) => !LOCAL.has(name) && !isSecret(name)),
    );
    return Promise.resolve([{ kind: "tavernlink", name: OWN_NAME, content: structuredClone(content) }]);
  }

  /** Fields that this version does not know, or knows as something else, are left out. */
  fit(content: Content, local: Content | undefined): Content {
    const known = Object.entries(content).filter(
      ([name, value]) => !LOCAL.has(name) && typeof local?.[name] === typeof value,
    );
    return { ...local, ...Object.fromEntries(known) };
  }

  write(_name: string, content: Content): Promise<void> {
    const stored = this.stored();
    for (const [name, value] of Object.entries(content)) {
      if (!LOCAL.has(name) && !isSecret(name)) stored[name] = structuredClone(value);
    }
    const auto = document.querySelector<HTMLInputElement>("#tavernlink_auto");
    if (auto !== null) auto.checked = stored["autoConnect"] === true;
    return Promise.resolve();
  }

  /** There is nothing without them. */
  remove(): Promise<void> {
    return Promise.resolve();
  }

  isOpen(): boolean {
    return false;
  }

  async settle(): Promise<void> {
    await saveSettings();
  }

  private stored(): Content {
    return context().extensionSettings[NAMESPACE] as Content;
  }
}
