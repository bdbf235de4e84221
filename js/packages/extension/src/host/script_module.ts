/**
 * The few functions of SillyTavern's own `script.js` that `getContext()` does not offer.
 *
 * An import of it is a last resort, since its exports are no promise: it is loaded at run time, each function is looked
 * for by name, and everything that needs one says so when it is missing.
 */

export interface CleanUpOptions {
  getMessage: string;
  isImpersonate: boolean;
  isContinue: boolean;
  displayIncompleteSentences: boolean;
  stoppingStrings: string[] | null;
}

export interface ScriptModule {
  /** Sets the name that `{{char}}` stands for. */
  setCharacterName?: (name: string) => void;
  /** What SillyTavern does to every reply: names trimmed, regex scripts, stop strings, markdown. */
  cleanUpMessage?: (options: CleanUpOptions) => string;
  getStoppingStrings?: (isImpersonate: boolean, isContinue: boolean) => string[];
  /** While true, SillyTavern's Send button and Enter do nothing. */
  setSendButtonState?: (pressed: boolean) => void;
}

const NAMES = ["setCharacterName", "cleanUpMessage", "getStoppingStrings", "setSendButtonState"] as const;

export async function loadScriptModule(address = "/script.js"): Promise<ScriptModule> {
  let exported: Record<string, unknown>;
  try {
    // The address is a variable so that the bundler leaves the import to the browser.
    exported = (await import(address)) as Record<string, unknown>;
  } catch {
    return {};
  }
  return Object.fromEntries(
    NAMES.filter((name) => typeof exported[name] === "function").map((name) => [name, exported[name]]),
  );
}
