/** A list of which only those rows are made anew that show something else than before. */

import { element } from "./elements.js";

export interface RowMaker<Item> {
  key: (item: Item) => string;
  make: (item: Item) => HTMLElement;
  /** What a list without rows says; empty: nothing. */
  none: string;
}

export class Rows<Item> {
  private shown = new Map<string, { look: string; row: HTMLElement }>();
  private readonly empty: HTMLElement | undefined;

  constructor(
    private readonly list: HTMLElement,
    private readonly maker: RowMaker<Item>,
  ) {
    this.empty = maker.none === "" ? undefined : element("li", "tavernlink-none", maker.none);
  }

  draw(items: readonly Item[]): void {
    const before = this.shown;
    this.shown = new Map();
    const rows: Node[] = [];
    for (const item of items) {
      const key = this.maker.key(item);
      const look = JSON.stringify(item);
      const known = before.get(key);
      const row = known?.look === look ? known.row : this.renew(known?.row, item);
      this.shown.set(key, { look, row });
      rows.push(row);
    }
    if (rows.length === 0 && this.empty !== undefined) rows.push(this.empty);
    const same = rows.length === this.list.childNodes.length;
    if (same && rows.every((row, index) => row === this.list.childNodes[index])) return;
    const focused = document.activeElement;
    this.list.replaceChildren(...rows);
    // Rows that stayed were taken out for a moment.
    if (focused instanceof HTMLElement && this.list.contains(focused)) focused.focus();
  }

  /** Who stands on a button of a row stands on it in the new one too. */
  private renew(old: HTMLElement | undefined, item: Item): HTMLElement {
    const row = this.maker.make(item);
    if (old?.contains(document.activeElement) === true) {
      old.replaceWith(row);
      row.querySelector<HTMLElement>("button, input")?.focus();
    }
    return row;
  }
}
