/**
 * Keeps the person's draft and pending attachments out of our generations.
 *
 * SillyTavern looks its inputs up by id when it generates: it runs slash commands found in the text box, sends and clears
 * its text, takes the chosen files, and writes an impersonation into it. An id is looked up in document order, so for
 * as long as ours runs, empty inputs of the same ids stand first in the page. The person's own elements are not touched
 * at all: text, caret, selection and undo history stay as they are, and typing goes on.
 */

const IDS = ["send_textarea", "file_form_input"] as const;

export class Decoy {
  readonly #elements: HTMLElement[] = [];

  constructor(page: Document = document) {
    for (const id of IDS) {
      const own = page.getElementById(id);
      if (own === null) continue;
      const element = page.createElement(own.tagName);
      element.id = id;
      element.hidden = true;
      element.style.setProperty("display", "none", "important");
      if (element instanceof HTMLInputElement) element.type = "file";
      page.body.prepend(element);
      this.#elements.push(element);
    }
  }

  /** What SillyTavern wrote into the text box. */
  get text(): string {
    const [box] = this.#elements;
    return box instanceof HTMLTextAreaElement ? box.value : "";
  }

  remove(): void {
    for (const element of this.#elements.splice(0)) element.remove();
  }
}
