/** The hub's log as it grows: the last lines of a level and above, live until paused. */

import type { Hub, LogLevel, LogLine } from "@tavernlink/client";

export const LEVELS: readonly LogLevel[] = ["debug", "info", "warning", "error", "critical"];
/** Lines that the page holds. */
export const MOST = 10_000;
const PAGE = 1_000;
const WHO = ["peer", "name", "tavern", "app", "key", "session", "who", "from", "to", "address"];

export const levelsFrom = (level: LogLevel): readonly LogLevel[] => LEVELS.slice(LEVELS.indexOf(level));

/** True if these words stand in the line's text, logger or facts, and `who` in a fact that names somebody. */
export function fits(line: LogLine, words: string, who: string): boolean {
  const has = (text: string, wanted: string): boolean =>
    text.toLowerCase().includes(wanted.trim().toLowerCase());
  if (words.trim() !== "" && !has(`${line.text} ${line.logger} ${JSON.stringify(line.facts)}`, words))
    return false;
  if (who.trim() === "") return true;
  return Object.entries(line.facts).some(
    ([name, fact]) => WHO.includes(name) && has(typeof fact === "string" ? fact : JSON.stringify(fact), who),
  );
}

export class Tail {
  lines = $state.raw<LogLine[]>([]);
  /** Lines that came while it is paused. */
  held = $state(0);
  /** Lines that the hub could not send, or that had to make room here. */
  missed = $state(0);
  /** There are older ones at the hub. */
  more = $state(false);
  loading = $state(true);
  /** What the hub writes down at all. */
  threshold = $state<LogLevel>("debug");
  paused = $state(false);
  private waiting: LogLine[] = [];
  private topics: string[] = [];
  private readonly offs: (() => void)[];

  constructor(
    private readonly hub: Hub,
    public level: LogLevel,
    private readonly failed: (error: unknown) => void,
  ) {
    this.offs = [
      hub.on("log.lines", ({ lines, missed }) => {
        this.missed += missed;
        const wanted = lines.filter((line) => levelsFrom(this.level).includes(line.level));
        if (this.paused) {
          this.waiting = [...this.waiting, ...wanted].slice(-MOST);
          this.held = this.waiting.length;
        } else this.add(wanted);
      }),
      hub.connection.on("session", ({ resumed }) => {
        if (!resumed) void this.open(this.level);
      }),
    ];
    void this.open(level);
  }

  /** Begin anew with this level and above. */
  async open(level: LogLevel): Promise<void> {
    this.level = level;
    this.loading = true;
    try {
      if (this.topics.length > 0) await this.hub.request("unsubscribe", { types: this.topics, tavern: "*" });
      this.topics = levelsFrom(level).map((each) => `log.${each}.*`);
      // Subscribed first: what is said between the two comes twice and is put together by its number.
      await this.hub.request("subscribe", { types: this.topics, tavern: "*" });
      const page = await this.hub.request("log.list", { level, limit: PAGE });
      this.waiting = [];
      this.held = this.missed = 0;
      this.more = page.more;
      this.threshold = page.level;
      this.lines = page.lines;
    } catch (error) {
      this.failed(error);
    } finally {
      this.loading = false;
    }
  }

  async earlier(): Promise<void> {
    const first = this.lines[0];
    if (first === undefined || this.loading) return;
    this.loading = true;
    try {
      const page = await this.hub.request("log.list", { level: this.level, limit: PAGE, before: first.id });
      this.more = page.more && this.lines.length + page.lines.length < MOST;
      this.lines = [...page.lines, ...this.lines].slice(-MOST);
    } catch (error) {
      this.failed(error);
    } finally {
      this.loading = false;
    }
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.add(this.waiting);
    this.waiting = [];
    this.held = 0;
  }

  clear(): void {
    this.lines = [];
    this.missed = 0;
    this.more = true;
  }

  close(): void {
    for (const off of this.offs) off();
    if (this.topics.length > 0)
      this.hub.request("unsubscribe", { types: this.topics, tavern: "*" }).catch(() => undefined);
  }

  private add(lines: readonly LogLine[]): void {
    const last = this.lines.at(-1)?.id ?? 0;
    const fresh = lines.filter(({ id }) => id > last);
    if (fresh.length > 0) this.lines = [...this.lines, ...fresh].slice(-MOST);
  }
}
