/**
 * Whether somebody may look: a part of the drawer is worked on only while it is unfolded, in an open drawer, in a page that
 * is in front. SillyTavern closes drawers in ways of its own, and more than one around another, so the browser is asked
 * whether there is anything of the part, and not SillyTavern.
 */

export interface Look {
  readonly seen: boolean;
}

export interface Sight {
  /** Calls back when the section comes into sight and when it goes out of it. */
  watch(section: HTMLDetailsElement, changed: (seen: boolean) => void): Look;
}

export class PageSight implements Sight {
  private readonly looks = new Map<Element, () => void>();
  /** What is not displayed has no size; it is told once at the beginning, too. */
  private readonly observer = new ResizeObserver((entries) => {
    for (const { target } of entries) this.looks.get(target)?.();
  });

  constructor() {
    document.addEventListener("visibilitychange", () => {
      for (const look of this.looks.values()) look();
    });
  }

  watch(section: HTMLDetailsElement, changed: (seen: boolean) => void): Look {
    const look = { seen: false };
    const check = (): void => {
      const shown = section.getClientRects().length > 0;
      const seen = section.open && shown && document.visibilityState === "visible";
      if (seen === look.seen) return;
      look.seen = seen;
      changed(seen);
    };
    this.looks.set(section, check);
    section.addEventListener("toggle", check);
    this.observer.observe(section);
    return look;
  }
}
