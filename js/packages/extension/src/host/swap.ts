/**
 * Gives one dry run a history of its own, while the live chat stays what it is.
 *
 * Between the last listener of GENERATION_AFTER_COMMANDS and the moment it has taken the history, SillyTavern awaits
 * nothing but resolved promises: one task of the page, in which no click, key, timer or network answer is served.
 * Whatever is exchanged at the beginning of that stretch and put back at its end is seen by the dry run alone.
 *
 * - `filter` (SillyTavern 1.13 and later): the history is taken by ONE call of `chat.filter`, so an own property
 *   `filter` on the array answers that call and removes itself. The array's content is never touched.
 * - `array`: for a version that takes it in another way. The content is exchanged and put back within the same task.
 */

import type { STContext, STMessage } from "./context.js";

export type SwapMethod = "filter" | "array";

/** More turns of the microtask queue than any version needs; all of them pass within the task. */
const TURNS = 64;

export interface Exchange {
  /** Put back what was exchanged. Called exactly once, at the end of the stretch. */
  undo(): void;
}

export class HistorySwap {
  /** How often the dry run asked for the history. Anything but 1 means that this method does not fit. */
  taken = 0;
  #exchanges: Exchange[] = [];
  #open = false;

  constructor(
    private readonly history: readonly STMessage[],
    private readonly method: SwapMethod,
  ) {}

  /** Begin the stretch. `exchanges` are undone together with the swap. */
  install(host: STContext, exchanges: (() => Exchange)[]): void {
    this.#open = true;
    this.#exchanges = [keepGreeting(host.chat), ...exchanges.map((make) => make())];
    if (this.method === "filter") this.#answerFilter(host.chat);
    else this.#exchangeContent(host.chat);
    void this.#closeWithinTask(TURNS);
  }

  /** End the stretch, if the dry run did not. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const exchange of this.#exchanges.reverse()) exchange.undo();
  }

  #answerFilter(chat: STMessage[]): void {
    const answer = (test: (entry: STMessage, index: number, all: STMessage[]) => unknown): STMessage[] => {
      this.taken += 1;
      this.close();
      return structuredClone(this.history.slice()).filter(test);
    };
    Object.defineProperty(chat, "filter", {
      value: answer,
      configurable: true,
      enumerable: false,
      writable: true,
    });
    this.#exchanges.push({ undo: () => Reflect.deleteProperty(chat, "filter") });
  }

  #exchangeContent(chat: STMessage[]): void {
    const own = chat.splice(0, chat.length, ...structuredClone(this.history.slice()));
    this.taken = 1;
    this.#exchanges.push({ undo: () => chat.splice(0, chat.length, ...own) });
  }

  async #closeWithinTask(turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    // Another extension's slow listener came after ours: the content goes back now, whatever the dry run gets. The
    // `filter` answer may stay, since it changes nothing for anybody but its first caller.
    if (this.method === "array") this.close();
    else this.#undoAllButAnswer();
  }

  #undoAllButAnswer(): void {
    if (!this.#open) return;
    const answer = this.#exchanges.pop();
    for (const exchange of this.#exchanges.reverse()) exchange.undo();
    this.#exchanges = answer === undefined ? [] : [answer];
  }
}

/** A dry run expands the macros of the open chat's first message in place, for good: keep it as it was. */
function keepGreeting(chat: STMessage[]): Exchange {
  const first = chat[0];
  const text = first?.mes;
  return {
    undo: () => {
      if (first !== undefined && text !== undefined) first.mes = text;
    },
  };
}

/**
 * Blanks keys of an object for the stretch, e.g. the open chat's own scenario for another character's build. They are
 * set to undefined and not deleted: a key that is added again moves to the end, and the chat file would change.
 */
export function withoutKeys(target: Record<string, unknown>, keys: readonly string[]): () => Exchange {
  return () => {
    const kept = keys.filter((key) => target[key] !== undefined).map((key) => [key, target[key]] as const);
    for (const [key] of kept) target[key] = undefined;
    return {
      undo: () => {
        for (const [key, value] of kept) target[key] = value;
      },
    };
  };
}
