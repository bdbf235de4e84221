/** What was typed and not sent, kept for each chat in this browser until it is sent or the person signs out. */

const PREFIX = "tavernlink.draft.";
const KEPT = 50;
const LONGEST = 20_000;

interface Kept {
  at: number;
  text: string;
}

export class Drafts {
  constructor(
    private readonly storage: Storage,
    private readonly now: () => number = Date.now,
  ) {}

  get(tavern: string, chat: string | null): string {
    return this.read(nameOf(tavern, chat))?.text ?? "";
  }

  set(tavern: string, chat: string | null, text: string): void {
    const name = nameOf(tavern, chat);
    if (text.trim() === "") {
      this.storage.removeItem(name);
      return;
    }
    this.storage.setItem(name, JSON.stringify({ at: this.now(), text: text.slice(0, LONGEST) }));
    const names = this.names();
    if (names.length > KEPT) {
      const age = (each: string): number => this.read(each)?.at ?? 0;
      for (const old of names.sort((a, b) => age(a) - age(b)).slice(0, names.length - KEPT))
        this.storage.removeItem(old);
    }
  }

  clear(): void {
    for (const name of this.names()) this.storage.removeItem(name);
  }

  private names(): string[] {
    return Array.from({ length: this.storage.length }, (_, at) => this.storage.key(at) ?? "").filter((name) =>
      name.startsWith(PREFIX),
    );
  }

  private read(name: string): Kept | null {
    try {
      return JSON.parse(this.storage.getItem(name) ?? "null") as Kept | null;
    } catch {
      return null; // another version's
    }
  }
}

function nameOf(tavern: string, chat: string | null): string {
  return `${PREFIX}${tavern}/${chat ?? ""}`;
}
