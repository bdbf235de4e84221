/** Lorebooks (world info): files on SillyTavern's server, cached and edited in its page. */

import type { Content, Item } from "../../profiles/item.js";
import { context } from "../context.js";
import { loadModule, post, type ServerSettings } from "./server.js";
import type { Shelf } from "./shelf.js";

export class LorebookShelf implements Shelf {
  async read(server: ServerSettings, wanted: (name: string) => boolean): Promise<Item[]> {
    const names = (server.world_names ?? []).filter(wanted);
    return Promise.all(
      names.map(async (name) => {
        // Not `loadWorldInfo`: its cache knows nothing of what another tab saved.
        const answer = await post("/api/worldinfo/get", { name }, `reading the lorebook “${name}”`);
        return { kind: "lorebook" as const, name, content: (await answer.json()) as Content };
      }),
    );
  }

  async write(name: string, content: Content): Promise<void> {
    const host = context();
    // Its cache keeps the object itself.
    await host.saveWorldInfo(name, structuredClone(content), true);
    if (!host.getWorldInfoNames().includes(name)) await host.updateWorldInfoList();
    host.reloadWorldInfoEditor(name);
  }

  async remove(name: string): Promise<void> {
    const remove = (await loadModule("/scripts/world-info.js"))?.["deleteWorldInfo"];
    if (typeof remove === "function" && context().getWorldInfoNames().includes(name)) {
      await (remove as (name: string) => Promise<boolean>)(name);
      return;
    }
    await post("/api/worldinfo/delete", { name }, `deleting the lorebook “${name}”`);
    await context().updateWorldInfoList();
  }

  /** The editor saves while the person types, so it is enough that it shows the book. */
  isOpen(name: string): boolean {
    const select = document.querySelector<HTMLSelectElement>("#world_editor_select");
    return (
      document.querySelector("#WorldInfo.openDrawer") !== null &&
      select?.selectedOptions[0]?.textContent === name
    );
  }
}
