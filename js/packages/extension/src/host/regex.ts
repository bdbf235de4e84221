/** SillyTavern's regex scripts for what the person sends; not in `getContext()`, so found at run time, or left out. */

export interface Regex {
  userInput(text: string): string;
}

interface RegexModule {
  getRegexedString?: (text: string, placement: number, options?: Record<string, unknown>) => string;
  regex_placement?: { USER_INPUT?: number };
}

export async function loadRegex(address = "/scripts/extensions/regex/engine.js"): Promise<Regex> {
  let module: RegexModule = {};
  try {
    module = (await import(address)) as RegexModule;
  } catch {
    // A SillyTavern without it has no such scripts.
  }
  const { getRegexedString, regex_placement: placement } = module;
  const user = placement?.USER_INPUT;
  return {
    userInput: (text) =>
      typeof getRegexedString === "function" && user !== undefined ? getRegexedString(text, user) : text,
  };
}
