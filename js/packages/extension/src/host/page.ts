/**
 * What SillyTavern shows but has no event for: the end of a generation, hidden and moved messages. And where the
 * drawer goes.
 */

/** Calls back when `body[data-generating]` comes and goes: SillyTavern's Send and Stop buttons. */
export function observeGenerating(changed: (generating: boolean) => void): void {
  const { body } = document;
  let before = body.dataset["generating"] === "true";
  new MutationObserver(() => {
    const now = body.dataset["generating"] === "true";
    if (now === before) return;
    before = now;
    changed(now);
  }).observe(body, { attributes: true, attributeFilter: ["data-generating"] });
}

/** Calls back when messages on screen come, go, move, or are hidden. Text that grows does not count. */
export function observeChat(changed: () => void): void {
  const chat = document.getElementById("chat");
  if (chat === null) return;
  new MutationObserver(changed).observe(chat, { childList: true });
  new MutationObserver(changed).observe(chat, {
    subtree: true,
    attributes: true,
    attributeFilter: ["mesid", "is_system"],
  });
}

/** The column of the Extensions panel in which third-party drawers stand. */
export function settingsColumn(): HTMLElement | null {
  return document.getElementById("extensions_settings2") ?? document.getElementById("extensions_settings");
}

/** "third-party/NAME": the folder that this module was loaded from, as SillyTavern's template call wants it. */
export function extensionFolder(moduleUrl: string): string {
  const match = /\/scripts\/extensions\/(.+)\/[^/]+$/.exec(new URL(moduleUrl).pathname);
  return match?.[1] === undefined ? "third-party/tavernlink" : decodeURIComponent(match[1]);
}

/** "1.19.0", or empty where the page does not say. */
export function sillyTavernVersion(): string {
  return /\d+\.\d+\.\d+\S*/.exec(document.getElementById("version_display")?.textContent ?? "")?.[0] ?? "";
}

/** Opens SillyTavern's own list of extensions, where each has its update button. */
export function openExtensionManager(): void {
  document.getElementById("extensions_details")?.click();
}
