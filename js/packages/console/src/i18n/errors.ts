/** What a person reads of an error. */

import { MEANINGS } from "../generated/errors.js";
import type { Language } from "./language.svelte.js";

/**
 * The sentence for an error that the hub told or that was thrown: in English the hub's own; in Chinese what its code
 * means, and then whatever the hub said beyond that. What has no code that is known here is shown as it came.
 */
export function sentenceOf(error: unknown, language: Language): string {
  // What is to be typed stands in backquotes, for terminals and Markdown.
  return wordsOf(error, language).replaceAll("`", "");
}

function wordsOf(error: unknown, language: Language): string {
  if (typeof error !== "object" || error === null || !("message" in error)) return String(error);
  const message = String(error.message);
  const meaning = "code" in error ? MEANINGS[String(error.code)] : undefined;
  if (language === "en" || meaning === undefined) return message;
  return message === "" || message === meaning.en ? meaning.zh : `${meaning.zh}（${message}）`;
}
