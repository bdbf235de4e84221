/** The debug log of the drawer: bounded, in memory only, and without keys. */

export type LogLevel = "info" | "warning" | "error";

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
  private readonly lines: LogLine[] = [];
  private readonly listeners = new Set<() => void>();
  /** Further texts that must not appear: a key of an unusual shape, as typed. */
  secrets: () => readonly string[] = () => [];

  constructor(
    private readonly limit = 300,
    private readonly now: () => number = Date.now,
  ) {}

  add(level: LogLevel, text: string, error?: unknown): void {
    let line =
      error === undefined
        ? text
        : `${text}: ${error instanceof Error ? error.message : JSON.stringify(error)}`;
    for (const secret of this.secrets()) {
      if (secret.length >= 4) line = line.replaceAll(secret, "…");
    }
    this.lines.push({ time: this.now(), level, text: withoutKeys(line).slice(0, 1000) });
    if (this.lines.length > this.limit) this.lines.splice(0, this.lines.length - this.limit);
    for (const listener of this.listeners) listener();
  }

  all(): readonly LogLine[] {
    return this.lines;
  }

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** "full" for a report to others; "short" for the drawer. */
  text(form: "full" | "short" = "full"): string {
    const stamp = (time: number): string => {
      const date = new Date(time);
      return form === "full" ? date.toISOString() : date.toTimeString().slice(0, 8);
    };
    return this.lines.map(({ time, level, text }) => `${stamp(time)} ${level} ${text}`).join("\n");
  }
}
