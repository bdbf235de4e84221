/**
 * Presets and templates. Saved by SillyTavern's server; its page keeps a copy of each in a list behind a select box.
 *
 * SillyTavern's own `savePreset` selects what it saves and may ask questions, so the copy in the page is put right here.
 * A preset that is selected is loaded again, since what the page works with is a third copy.
 */

import type { Content, Item } from "../../profiles/item.js";
import { hasUnsaved } from "../../profiles/unsaved.js";
import { context } from "../context.js";
import { loadModule, post, type ServerSettings } from "./server.js";
import type { Shelf } from "./shelf.js";

export type PresetKind =
  "chat_completion" | "text_completion" | "instruct" | "context" | "sysprompt" | "reasoning";

export interface STPresetManager {
  select: { append(option: HTMLOptionElement): unknown };
  getPresetList(): { presets: Content[]; preset_names: string[] | Record<string, number> };
  getSelectedPresetName(): string | undefined;
  findPreset(name: string): string | undefined;
  selectPreset(value: string): unknown;
  deletePreset(name: string): Promise<boolean>;
  getPresetSettings(name: string): Content;
}

const API: Readonly<Record<PresetKind, string>> = {
  chat_completion: "openai",
  text_completion: "textgenerationwebui",
  instruct: "instruct",
  context: "context",
  sysprompt: "sysprompt",
  reasoning: "reasoning",
};
/** Loading a preset may ask the person something; nothing waits for the answer. */
const LOAD_LIMIT_MS = 5_000;

export class PresetShelf implements Shelf {
  private live: (() => Content) | undefined;

  constructor(private readonly kind: PresetKind) {
    if (kind === "chat_completion")
      void loadModule("/scripts/openai.js").then((module) => {
        const read = module?.["getChatCompletionPreset"];
        if (typeof read === "function") this.live = read as () => Content;
      });
  }

  read(server: ServerSettings, wanted: (name: string) => boolean): Promise<Item[]> {
    const items = this.listed(server).filter(({ name }) => wanted(name));
    return Promise.resolve(items.map(({ name, content }) => ({ kind: this.kind, name, content })));
  }

  async write(name: string, content: Content): Promise<void> {
    await post("/api/presets/save", { apiId: API[this.kind], name, preset: content }, `saving “${name}”`);
    const manager = this.manager();
    if (manager === undefined) return;
    const copy = structuredClone(content);
    const { presets, preset_names: names } = manager.getPresetList();
    const index = Array.isArray(names) ? names.indexOf(name) : (names[name] ?? -1);
    if (index >= 0) {
      presets[index] = copy;
      if (manager.getSelectedPresetName() === name) await this.load(manager, name);
      return;
    }
    presets.push(copy);
    const place = presets.length - 1;
    if (Array.isArray(names)) names[place] = name;
    else names[name] = place;
    manager.select.append(new Option(name, Array.isArray(names) ? name : String(place)));
  }

  async remove(name: string): Promise<void> {
    const manager = this.manager();
    if (manager?.findPreset(name) !== undefined) await manager.deletePreset(name);
    else await post("/api/presets/delete", { apiId: API[this.kind], name }, `deleting “${name}”`);
  }

  /** Name of the one that is in use; undefined where this SillyTavern knows no such kind. */
  get selected(): string | undefined {
    return this.manager()?.getSelectedPresetName();
  }

  /** Use this one from now on. False: there is none of this name. */
  async select(name: string): Promise<boolean> {
    const manager = this.manager();
    if (manager?.findPreset(name) === undefined) return false;
    await this.load(manager, name);
    return manager.getSelectedPresetName() === name;
  }

  /** What the page works with now, as it would be saved under this name. */
  current(name: string): Content {
    const manager = this.manager();
    if (manager === undefined) return {};
    return structuredClone(this.live?.() ?? manager.getPresetSettings(name));
  }

  isOpen(name: string): boolean {
    const manager = this.manager();
    if (manager?.getSelectedPresetName() !== name) return false;
    if (
      this.kind === "chat_completion" &&
      document.querySelector('[id$="prompt_manager_popup"].openDrawer') !== null
    )
      return true;
    const { presets, preset_names: names } = manager.getPresetList();
    const saved = presets[Array.isArray(names) ? names.indexOf(name) : (names[name] ?? -1)];
    if (saved === undefined) return false;
    if (this.kind === "chat_completion" && this.live === undefined) return false;
    return hasUnsaved(this.live?.() ?? manager.getPresetSettings(name), saved);
  }

  private manager(): STPresetManager | undefined {
    return (context().getPresetManager(API[this.kind]) as STPresetManager | null | undefined) ?? undefined;
  }

  private async load(manager: STPresetManager, name: string): Promise<void> {
    const value = manager.findPreset(name);
    if (value === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, LOAD_LIMIT_MS);
    });
    await Promise.race([manager.selectPreset(value), limit]);
    clearTimeout(timer);
  }

  private listed(server: ServerSettings): { name: string; content: Content }[] {
    if (this.kind === "chat_completion" || this.kind === "text_completion") {
      const [names, texts] =
        this.kind === "chat_completion"
          ? [server.openai_setting_names, server.openai_settings]
          : [server.textgenerationwebui_preset_names, server.textgenerationwebui_presets];
      return (names ?? []).map((name, index) => ({
        name,
        content: JSON.parse(texts?.[index] ?? "{}") as Content,
      }));
    }
    return (server[this.kind] ?? []).flatMap((content) =>
      typeof content["name"] === "string" && content["name"] !== ""
        ? [{ name: content["name"], content }]
        : [],
    );
  }
}
