/** What each kind of settings can do. One implementation for each kind stands beside this file. */

import type { Content, Item } from "../../profiles/item.js";
import type { ServerSettings } from "./server.js";

export interface Shelf {
  /** Every item, or only those whose names are wanted, as they are kept now. */
  read(server: ServerSettings, wanted: (name: string) => boolean): Promise<Item[]>;
  /** Saves an item under this name and has SillyTavern use it. */
  write(name: string, content: Content): Promise<void>;
  remove(name: string): Promise<void>;
  /** True while the person is changing this item and has not saved it. */
  isOpen(name: string): boolean;
  /** A published content as this place would keep it; default: as it is. */
  fit?(content: Content, local: Content | undefined): Content;
  /** After a number of writes: what is done once for all of them. */
  settle?(): Promise<void>;
}
