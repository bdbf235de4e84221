/**
 * From the model's raw words to the reply that SillyTavern would show, while it streams: SillyTavern's own clean-up
 * (names trimmed, regex scripts, stop texts) is applied to the whole text so far, and what is new goes out.
 */

import { context } from "./context.js";
import { type ScriptModule } from "./script_module.js";

export type CleanUp = (text: string, final: boolean) => string;

/**
 * SillyTavern's clean-up for a reply of `character`. It reads the open character's name from a global, so that name is
 * exchanged for the length of the synchronous call.
 */
export function cleanUpFor(character: string, script: ScriptModule): CleanUp {
  const { cleanUpMessage, getStoppingStrings, setCharacterName } = script;
  if (cleanUpMessage === undefined) return (text) => text;
  const asCharacter = <T>(work: () => T): T => {
    const own = context().name2;
    if (own === character || setCharacterName === undefined) return work();
    setCharacterName(character);
    try {
      return work();
    } finally {
      setCharacterName(own);
    }
  };
  // Expensive with macros, and the same for every token.
  const stoppingStrings = asCharacter(() => getStoppingStrings?.(false, false) ?? null);
  return (text, final) =>
    asCharacter(() =>
      cleanUpMessage({
        getMessage: text,
        isImpersonate: false,
        isContinue: false,
        displayIncompleteSentences: !final,
        stoppingStrings,
      }),
    );
}

export interface TextSink {
  delta(text: string, channel?: "text" | "reasoning", replace?: boolean): void;
}

/**
 * Cumulative texts in, deltas out. A text that takes back what was sent is kept until it grows past it again or the
 * reply is over: clean-up cuts a half-written name or stop text off and may give it back with the next token.
 */
export class ReplyStream {
  #text = "";
  #reasoning = "";

  constructor(
    private readonly sink: TextSink,
    private readonly clean: CleanUp,
  ) {}

  progress(text: string, reasoning: string): void {
    if (reasoning.length > this.#reasoning.length && reasoning.startsWith(this.#reasoning)) {
      this.sink.delta(reasoning.slice(this.#reasoning.length), "reasoning");
      this.#reasoning = reasoning;
    }
    if (text === "") return;
    const cleaned = this.clean(text, false);
    if (cleaned.length > this.#text.length && cleaned.startsWith(this.#text)) {
      this.sink.delta(cleaned.slice(this.#text.length));
      this.#text = cleaned;
    }
  }

  /** The final text, after sending what is missing. */
  finish(text: string): string {
    const cleaned = this.clean(text, true);
    if (cleaned.startsWith(this.#text)) {
      if (cleaned.length > this.#text.length) this.sink.delta(cleaned.slice(this.#text.length));
    } else {
      this.sink.delta(cleaned, "text", true);
    }
    this.#text = cleaned;
    return cleaned;
  }
}
