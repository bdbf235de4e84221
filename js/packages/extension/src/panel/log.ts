/** The debug log: from a level on, the newest at the end; copied with what a report needs. */

import { LEVELS, type Log, type LogLevel, type LogLine } from "../log.js";
import { element } from "./elements.js";
import type { Look, Sight } from "./sight.js";
import type { Template } from "./template.js";
import type { Texts } from "./texts.js";

export interface LogPage {
  /** Versions and state, for the head of a copied log. */
  head: () => string;
  level: () => LogLevel;
  setLevel: (level: LogLevel) => void;
}

export class LogView {
  private readonly lines: HTMLElement;
  private readonly level: HTMLSelectElement;
  private readonly note: HTMLElement;
  private readonly look: Look;
  /** What stands there, oldest first. */
  private drawn: LogLine[] = [];
  private drawing = false;

  constructor(
    template: Template,
    private readonly log: Log,
    private readonly texts: Texts,
    sight: Sight,
    private readonly page: LogPage,
  ) {
    this.lines = template.part("log");
    this.note = template.part("log-note");
    this.level = template.select("log_level");
    this.level.replaceChildren(...LEVELS.map((level) => new Option(texts.say(`log.${level}`), level)));
    this.level.value = page.level();
    this.log.keepsDetails = page.level() === "debug";
    this.level.addEventListener("change", () => {
      this.setLevel();
    });
    template.button("copy").addEventListener("click", () => {
      void this.copy();
    });
    template.button("log_clear").addEventListener("click", () => {
      this.log.clear();
      this.note.textContent = "";
    });
    this.look = sight.watch(template.section("log"), () => {
      this.drawSoon();
    });
    this.log.onChange(() => {
      this.drawSoon();
    });
    this.drawSoon();
  }

  private setLevel(): void {
    const level = this.level.value as LogLevel;
    this.page.setLevel(level);
    this.log.keepsDetails = level === "debug";
    this.drawSoon();
  }

  /** At most once a frame, and only where it can be seen. */
  private drawSoon(): void {
    if (this.drawing || !this.look.seen) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      if (this.look.seen) this.draw();
    });
  }

  private draw(): void {
    const wanted = this.log.from(this.level.value as LogLevel);
    const atEnd = this.lines.scrollTop + this.lines.clientHeight >= this.lines.scrollHeight - 20;
    // Lines go at the beginning and come at the end; anything else is another level, or an emptied log.
    const first = wanted[0];
    const gone = first === undefined ? this.drawn.length : this.drawn.indexOf(first);
    const stay = gone < 0 ? [] : this.drawn.slice(gone);
    if (!stay.every((line, index) => line === wanted[index])) stay.length = 0;
    for (let count = this.drawn.length - stay.length; count > 0; count -= 1) this.lines.firstChild?.remove();
    this.lines.append(...wanted.slice(stay.length).map((line) => this.row(line)));
    this.drawn = [...wanted];
    if (atEnd) this.lines.scrollTop = this.lines.scrollHeight;
  }

  private row(line: LogLine): HTMLElement {
    const row = element("span", "tavernlink-line", `${this.log.format(line, "short")}\n`);
    row.dataset["level"] = line.level;
    return row;
  }

  private async copy(): Promise<void> {
    const text = `${this.page.head()}\n\n${this.log.text("full", this.level.value as LogLevel)}`;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // No clipboard on plain HTTP addresses: select it, so that Ctrl-C does it.
      getSelection()?.selectAllChildren(this.lines);
      this.note.textContent = this.texts.say("log.selected");
      return;
    }
    this.note.textContent = this.texts.say("copied");
  }
}
