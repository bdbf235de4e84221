/** Who is in one SillyTavern: its characters, groups and the person's personas, and whose picture goes with a message. */

import type { Character, ChatMessage, Group, Hub, PersonaSummary } from "@tavernlink/client";

export type Face = { kind: "character" | "persona"; id: string } | null;

export class Cast {
  characters = $state.raw<Character[]>([]);
  personas = $state.raw<PersonaSummary[]>([]);
  groups = $state.raw<Group[]>([]);
  private readonly missed = new Set<string>();
  private loading: Promise<void> | null = null;

  constructor(
    private readonly hub: Hub,
    readonly tavern: string,
  ) {}

  /** What cannot be had stays empty: an older extension, a tavern that is away. */
  load(): Promise<void> {
    this.loading ??= this.fetch().finally(() => (this.loading = null));
    return this.loading;
  }

  private async fetch(): Promise<void> {
    const at = this.hub.tavern(this.tavern);
    const none = (): never[] => [];
    this.characters = await this.hub.request("character.list", { tavern: this.tavern }).catch(none);
    this.personas = await at.run("persona.list", {}).catch(none);
    if (this.characters.some(({ kind }) => kind === "group"))
      this.groups = await at.run("group.list", {}).catch(none);
  }

  /** Whose face goes with a message; `open`: id of the open character, where names repeat. */
  faceOf({ name, role }: Pick<ChatMessage, "name" | "role">, open: string | null): Face {
    if (role === "user") {
      const own = this.personas.filter((each) => each.name === name);
      const found = own.find(({ selected }) => selected) ?? own[0];
      return found === undefined ? null : { kind: "persona", id: found.id };
    }
    const same = this.characters.filter((each) => each.kind !== "group" && each.name === name);
    const found = same.find(({ id }) => id === open) ?? same[0];
    if (found !== undefined) return { kind: "character", id: found.id };
    this.miss(name);
    return null;
  }

  /** Somebody new speaks: they may have been added since. Asked once for each name. */
  private miss(name: string): void {
    if (this.characters.length === 0 || this.missed.has(name)) return;
    this.missed.add(name);
    queueMicrotask(() => void this.load());
  }
}
