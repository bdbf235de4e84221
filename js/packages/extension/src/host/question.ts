/** A dialog of SillyTavern's that closes by itself after a time. Enter and Escape refuse: nobody agrees by accident. */

import { HostError, throwIfCancelled } from "./failure.js";
import { loadModule } from "./library/server.js";

interface STPopup {
  show(): Promise<unknown>;
  completeCancelled(): unknown;
}

type STPopupClass = new (
  content: HTMLElement,
  type: number,
  input: string,
  options: Record<string, unknown>,
) => STPopup;

const CONFIRM = 2;
const AFFIRMATIVE = 1;
const NEGATIVE = 0;

export interface QuestionOptions {
  yes: string;
  no: string;
  seconds: number;
  /** Once a second. */
  tick: (left: number) => void;
  signal: AbortSignal;
}

/** True and false: an answer; undefined: none came in time. Rejects with `cancelled`. */
export async function askPerson(
  content: HTMLElement,
  options: QuestionOptions,
): Promise<boolean | undefined> {
  const module = await loadModule("/scripts/popup.js");
  const Popup = module?.["Popup"] as STPopupClass | undefined;
  if (Popup === undefined)
    throw new HostError("unsupported_backend", "This SillyTavern has no dialog that could be asked with.");
  const types = module?.["POPUP_TYPE"] as { CONFIRM?: number } | undefined;
  throwIfCancelled(options.signal);
  const popup = new Popup(content, types?.CONFIRM ?? CONFIRM, "", {
    okButton: options.yes,
    cancelButton: options.no,
    defaultResult: NEGATIVE,
    leftAlign: true,
    allowVerticalScrolling: true,
  });
  const until = Date.now() + options.seconds * 1000;
  const state = { late: false };
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    options.tick(left);
    if (left > 0) return;
    state.late = true;
    void popup.completeCancelled();
  }, 1000);
  const cancel = (): void => {
    void popup.completeCancelled();
  };
  options.signal.addEventListener("abort", cancel);
  try {
    const answer = await popup.show();
    throwIfCancelled(options.signal);
    return state.late ? undefined : answer === AFFIRMATIVE || answer === true;
  } finally {
    clearInterval(timer);
    options.signal.removeEventListener("abort", cancel);
  }
}
