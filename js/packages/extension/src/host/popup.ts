/** SillyTavern's own ways of asking and telling the person something. */

import { context } from "./context.js";

const AFFIRMATIVE = 1;

/** True: the person agreed. */
export async function confirmWith(content: HTMLElement, ok: string, cancel: string): Promise<boolean> {
  const { callGenericPopup, POPUP_TYPE } = context();
  const answer = await callGenericPopup(content, POPUP_TYPE.CONFIRM, "", {
    okButton: ok,
    cancelButton: cancel,
    wide: true,
    leftAlign: true,
    allowVerticalScrolling: true,
  });
  return answer === AFFIRMATIVE || answer === true;
}

export type NoticeKind = "success" | "info" | "warning" | "error";

type Toastr = Record<
  NoticeKind,
  (text: string, title?: string, options?: Record<string, unknown>) => unknown
>;

/** A note at the edge of the page that goes by itself. */
export function notify(kind: NoticeKind, text: string): void {
  // Plain text: what it tells may come from another SillyTavern.
  (globalThis as { toastr?: Toastr }).toastr?.[kind](text, "Tavernlink", { escapeHtml: true });
}
