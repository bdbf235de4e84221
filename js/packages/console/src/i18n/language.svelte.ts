/** The language of the page: the browser's, until the person chooses one. */

import { en, type TextName } from "./en.js";
import { sentenceOf } from "./errors.js";
import { zh } from "./zh.js";

export type Language = "en" | "zh";

const TEXTS: Record<Language, Record<TextName, string>> = { en, zh };
const KEPT = "tavernlink.language";

function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.languages.some((each) => each.toLowerCase().startsWith("zh")) ? "zh" : "en";
}

class LanguageChoice {
  current = $state<Language>(firstLanguage());

  choose(language: Language): void {
    this.current = language;
    localStorage.setItem(KEPT, language);
  }

  /** A text in the present language; `{name}` in it is filled from `values`. */
  text(name: TextName, values: Record<string, string | number> = {}): string {
    return TEXTS[this.current][name].replace(/\{(\w+)\}/g, (whole, key: string) =>
      String(values[key] ?? whole),
    );
  }
}

export const language = new LanguageChoice();

export function t(name: TextName, values?: Record<string, string | number>): string {
  return language.text(name, values);
}

/** An error in the present language. */
export function errorText(error: unknown): string {
  return sentenceOf(error, language.current);
}
