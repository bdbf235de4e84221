/**
 * Pictures out of SillyTavern: avatars and files of messages, each fetched once through the hub.
 *
 * Avatars belong to a SillyTavern server, which all its tabs share; one is fetched again when SillyTavern says that its
 * character or persona changed. A few are fetched at a time, and the ones that were not looked at for longest go.
 */

import type { File, Hub, TavernInfo } from "@tavernlink/client";

const AT_ONCE = 3;
const KEPT = 400;
const CHANGES = ["event.character_edited", "event.character_renamed", "event.persona_updated"];

export type Where = Pick<TavernInfo, "tavern_id" | "server">;

/** One picture: its address in this page once it is there. */
export class Picture {
  url = $state<string | null>(null);
  /** Its MIME type and the file's name. */
  type = $state("");
  failed = $state(false);
  /** Its address, or null where it could not be had. */
  readonly there: Promise<string | null>;
  private settle!: (url: string | null) => void;

  constructor() {
    this.there = new Promise((resolve) => (this.settle = resolve));
  }

  take({ type, data }: File): void {
    this.type = type;
    this.url = URL.createObjectURL(new Blob([bytesOf(data)], { type: shownAs(type) }));
    this.settle(this.url);
  }

  fail(): void {
    this.failed = true;
    this.settle(null);
  }
}

export class Pictures {
  private readonly kept = new Map<string, Picture>();
  private readonly line: (() => Promise<void>)[] = [];
  private running = 0;
  /** Grows when a picture may be another one, or be had at last: what shows pictures asks again. */
  turn = $state(0);
  private edition = 0;

  constructor(private readonly hub: Hub) {
    hub.on("tavern.changed", ({ tavern }) => {
      if (tavern.online) this.forgetFailed(prefixOf(tavern));
    });
    hub.on("event", ({ name }) => {
      if (CHANGES.includes(`event.${name}`)) this.forgetAvatars();
    });
  }

  /** Hear of changes; a key that may hear no events keeps what it has. */
  async follow(): Promise<void> {
    await this.hub.subscribe(CHANGES, { tavern: "*" }).catch(() => undefined);
  }

  avatar(where: Where, kind: "character" | "persona", id: string): Picture {
    return this.find(`${prefixOf(where)}${kind}/${id}/${this.edition}`, () =>
      kind === "character"
        ? this.hub.tavern(where.tavern_id).run("character.avatar", { character: id, thumbnail: true })
        : this.hub.tavern(where.tavern_id).run("persona.avatar", { persona: id, thumbnail: true }),
    );
  }

  /** A file of a message; `url` is where SillyTavern keeps it, which tells it from others. */
  file(where: Where, url: string, index: number, file: number): Picture {
    return this.find(`${prefixOf(where)}file/${url}`, () =>
      this.hub.tavern(where.tavern_id).run("file.get", { index, file }),
    );
  }

  close(): void {
    for (const picture of this.kept.values()) release(picture);
    this.kept.clear();
    this.line.length = 0;
  }

  private find(name: string, fetch: () => Promise<File>): Picture {
    const known = this.kept.get(name);
    if (known !== undefined) {
      this.kept.delete(name);
      this.kept.set(name, known);
      return known;
    }
    const picture = new Picture();
    this.kept.set(name, picture);
    for (const [oldest, old] of this.kept) {
      if (this.kept.size <= KEPT) break;
      this.kept.delete(oldest);
      release(old);
    }
    this.line.push(async () => {
      try {
        picture.take(await fetch());
      } catch {
        picture.fail(); // its place shows initials or the name
      }
    });
    this.advance();
    return picture;
  }

  private advance(): void {
    while (this.running < AT_ONCE) {
      const next = this.line.shift();
      if (next === undefined) return;
      this.running += 1;
      void next().finally(() => {
        this.running -= 1;
        this.advance();
      });
    }
  }

  private forgetFailed(prefix: string): void {
    let some = false;
    for (const [name, picture] of this.kept) {
      if (!picture.failed || !name.startsWith(prefix)) continue;
      this.kept.delete(name);
      some = true;
    }
    if (some) this.turn += 1;
  }

  /** Which one changed is known to one tab's server only; they are few, and fetched as they are seen. */
  private forgetAvatars(): void {
    this.edition += 1; // those of the one before are not asked for again, and go in their turn
    this.turn += 1;
  }
}

function prefixOf({ tavern_id, server }: Where): string {
  return `${server ?? tavern_id}/`;
}

function release({ url }: Picture): void {
  if (url !== null) URL.revokeObjectURL(url);
}

function bytesOf(data: string): Uint8Array<ArrayBuffer> {
  const text = atob(data);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** A blob of ours has our origin: only what shows as a picture, film or sound keeps its type. */
function shownAs(type: string): string {
  return /^(image\/(png|jpe?g|webp|gif|bmp|avif)|audio\/[\w.+-]+|video\/[\w.+-]+)$/.test(type)
    ? type
    : "application/octet-stream";
}
