/** The debug log of the drawer: bounded, in memory only, and without keys. */

export type LogLevel = "debug" | "info" | "warning" | "error";

export const LEVELS: readonly LogLevel[] = ["debug", "info", "warning", "error"];

export interface LogLine {
  /** Milliseconds since 1970. */
  time: number;
  level: LogLevel;
  text: string;
}

const KEY_PATTERN = /tl_[a-z]+_[\w-]+/g;

/** Replace everything that has the shape of a key. */
export function withoutKeys(text: string): string {
  return text.replace(KEY_PATTERN, "tl_…");
}

export class Log {
  private lines: LogLine[] = [];
  private readonly listeners = new Set<() => void>();
  /** Further texts that must not appear: a key of an unusual shape, as typed. */
  secrets: () => readonly string[] = () => [];
  /** True: lines of the level `debug` are kept too, one for each message. */
  keepsDetails = false;

  constructor(
    private readonly limit = 500,
    private readonly now: () => number = Date.now,
  ) {}

  add(level: LogLevel, text: string, error?: unknown): void {
    if (level === "debug" && !this.keepsDetails) return;
    let line =
      error === undefined
        ? text
        : `${text}: ${error instanceof Error ? error.message : JSON.stringify(error)}`;
    for (const secret of this.secrets()) {
      if (secret.length >= 4) line = line.replaceAll(secret, "…");
    }
    this.lines.push({ time: this.now(), level, text: withoutKeys(line).slice(0, 1000) });
    if (this.lines.length > this.limit) this.lines.splice(0, this.lines.length - this.limit);
    this.changed();
  }

  all(): readonly LogLine[] {
    return this.lines;
  }

  /** Lines of this level and graver ones, oldest first. */
  from(level: LogLevel): readonly LogLine[] {
    const least = LEVELS.indexOf(level);
    return least === 0 ? this.lines : this.lines.filter((line) => LEVELS.indexOf(line.level) >= least);
  }

  clear(): void {
    this.lines = [];
    this.changed();
  }

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** "full" for a report to others; "short" for the drawer. */
  text(form: "full" | "short" = "full", level: LogLevel = "debug"): string {
    return this.from(level)
      .map((line) => this.format(line, form))
      .join("\n");
  }

  format({ time, level, text }: LogLine, form: "full" | "short"): string {
    const date = new Date(time);
    const stamp = form === "full" ? date.toISOString() : date.toTimeString().slice(0, 8);
    return `${stamp} ${level} ${text}`;
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}
