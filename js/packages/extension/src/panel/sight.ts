/**
 * Whether somebody looks: a part of the drawer is worked on only while it is unfolded and on the screen. SillyTavern hides
 * drawers in ways of its own, and more than one around another, so the browser is asked and not SillyTavern.
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
  private readonly onScreen = new Set<Element>();
  private readonly observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.onScreen.add(target);
      else this.onScreen.delete(target);
      this.looks.get(target)?.();
    }
  });

  constructor() {
    document.addEventListener("visibilitychange", () => {
      for (const look of this.looks.values()) look();
    });
  }

  watch(section: HTMLDetailsElement, changed: (seen: boolean) => void): Look {
    const look = { seen: false };
    const check = (): void => {
      const seen = section.open && this.onScreen.has(section) && document.visibilityState === "visible";
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
