/** What the context of older SillyTaverns lacks, read from the page instead. */

/** Before 1.18: names of the lorebooks, from the list of their editor; SillyTavern renews it with the names. */
export function worldNamesOnPage(page: Document = document): string[] {
  const options = page.querySelectorAll<HTMLOptionElement>("#world_editor_select option");
  // The first one, without a value, asks to pick one.
  return [...options].filter(({ value }) => value !== "").map(({ textContent }) => textContent);
}
