/** Quick reply sets: files on SillyTavern's server, and objects with buttons in its page. */

import type { Content, Item } from "../../profiles/item.js";
import { loadModule, post, type ServerSettings } from "./server.js";
import type { Shelf } from "./shelf.js";

interface STQuickReplySet extends Record<string, unknown> {
  qrList: unknown[];
  settingsDom?: HTMLElement | null;
  init(): void;
  rerender(): void;
  updateColor?(): void;
}

interface QuickReplyApi {
  settingsUi: { rerender(): void };
  getSetByName(name: string): STQuickReplySet | undefined;
  createSet(name: string, options: Content): Promise<STQuickReplySet>;
  deleteSet(name: string): Promise<void>;
}

interface QuickReplyClass {
  from(props: Content): unknown;
}

const API = "/scripts/extensions/quick-reply/src/QuickReply.js";

/** Of the extension, where the person has it switched on; without it the files are all there is. */
function api(): QuickReplyApi | undefined {
  return (globalThis as { quickReplyApi?: QuickReplyApi }).quickReplyApi;
}

export class QuickReplyShelf implements Shelf {
  read(server: ServerSettings, wanted: (name: string) => boolean): Promise<Item[]> {
    const items = (server.quickReplyPresets ?? []).flatMap((content) => {
      const name = content["name"];
      return typeof name === "string" && name !== "" && wanted(name)
        ? [{ kind: "quick_reply" as const, name, content }]
        : [];
    });
    return Promise.resolve(items);
  }

  async write(name: string, content: Content): Promise<void> {
    const replies = api();
    const quickReply = (await loadModule(API))?.["QuickReply"] as QuickReplyClass | undefined;
    if (replies !== undefined && quickReply !== undefined && content["version"] === 2) {
      const set = replies.getSetByName(name) ?? (await replies.createSet(name, {}));
      const { qrList, ...rest } = structuredClone(content);
      // The field `save` of a set is its own; a file has no such.
      Object.assign(set, rest, { name });
      set.qrList = (Array.isArray(qrList) ? (qrList as Content[]) : []).map((reply) =>
        quickReply.from(reply),
      );
      set.settingsDom = null;
      set.init();
      set.updateColor?.();
      set.rerender();
      replies.settingsUi.rerender();
    }
    await post("/api/quick-replies/save", { ...content, name }, `saving the quick replies “${name}”`);
  }

  async remove(name: string): Promise<void> {
    const replies = api();
    if (replies?.getSetByName(name) !== undefined) await replies.deleteSet(name);
    else await post("/api/quick-replies/delete", { name }, `deleting the quick replies “${name}”`);
  }

  /** The list of a set is changed in place. */
  isOpen(name: string): boolean {
    const settings = document.querySelector("#qr--settings");
    const select = document.querySelector<HTMLSelectElement>("#qr--set");
    return select?.value === name && settings?.contains(document.activeElement) === true;
  }
}
