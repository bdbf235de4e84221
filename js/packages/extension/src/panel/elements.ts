/** Elements in SillyTavern's own classes, made in one line. Text is always text, never HTML. */

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}

/** A Font Awesome icon, as SillyTavern's own; for the eye alone. */
export function icon(name: string): HTMLElement {
  const made = element("i", `fa-solid ${name}`);
  made.setAttribute("aria-hidden", "true");
  return made;
}

/** A button of an icon; `about` is what it does, for a pointer that rests on it and for screen readers. */
export function iconButton(name: string, about: string, press: () => void): HTMLButtonElement {
  const made = element("button", "menu_button tavernlink-icon-button", icon(name));
  made.type = "button";
  made.title = about;
  made.setAttribute("aria-label", about);
  made.addEventListener("click", press);
  return made;
}
