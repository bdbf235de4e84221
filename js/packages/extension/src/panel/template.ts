/** The drawer's template, static/panel.html, as its parts find their places in it. */

export class Template {
  constructor(readonly root: HTMLElement) {}

  /** What has this id, without the prefix that all of the drawer's ids have. */
  input(id: string): HTMLInputElement {
    return this.id(id) as HTMLInputElement;
  }

  select(id: string): HTMLSelectElement {
    return this.id(id) as HTMLSelectElement;
  }

  button(id: string): HTMLButtonElement {
    return this.id(id) as HTMLButtonElement;
  }

  id(id: string): HTMLElement {
    return this.find(`#tavernlink_${id}`);
  }

  /** What has this `data-part`. */
  part(name: string): HTMLElement {
    return this.find(`[data-part="${name}"]`);
  }

  /** A part of the drawer that is unfolded and folded. */
  section(name: string): HTMLDetailsElement {
    return this.find(`details.tavernlink-${name}`) as HTMLDetailsElement;
  }

  private find(selector: string): HTMLElement {
    const found = this.root.querySelector<HTMLElement>(selector);
    if (found === null) throw new Error(`The drawer's template has no ${selector}.`);
    return found;
  }
}
