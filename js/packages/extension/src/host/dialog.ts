/** Dialogs that wait for the person: nothing of SillyTavern's goes on behind them. */

import { HostError } from "./failure.js";

/** Short ones (a toast-like notice, a dialog that an extension closes itself) are not worth an error. */
const PATIENCE_MS = 3_000;
const EXCERPT = 200;

/** Our own question to the person is no obstacle: nothing of SillyTavern's waits for its answer. */
function openDialog(page: Document): HTMLElement | null {
  const open = page.querySelectorAll<HTMLElement>("dialog[open]:not([closing])");
  return [...open].find((dialog) => dialog.querySelector(".tavernlink-question") === null) ?? null;
}

function blocked(dialog: HTMLElement): HostError {
  const text = dialog.innerText.replaceAll(/\s+/g, " ").trim().slice(0, EXCERPT);
  return new HostError(
    "blocked_by_dialog",
    "A dialog in SillyTavern is waiting for the person. Close it, then try again.",
    {
      dialog: text,
    },
  );
}

export function throwIfBlocked(page: Document = document): void {
  const dialog = openDialog(page);
  if (dialog !== null) throw blocked(dialog);
}

/**
 * Waits for `work`; rejects with `blocked_by_dialog` when a dialog stays open during it, after `giveUp`. What `work`
 * itself waits for may never come: SillyTavern's save, for one, waits for the answer when two tabs wrote one chat.
 */
export async function unlessBlocked<T>(
  work: Promise<T>,
  giveUp: () => unknown,
  page: Document = document,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let observer: MutationObserver | undefined;
  const stuck = new Promise<never>((_resolve, reject) => {
    const look = (): void => {
      const dialog = openDialog(page);
      if (dialog === null) {
        clearTimeout(timer);
        timer = undefined;
        return;
      }
      timer ??= setTimeout(() => {
        timer = undefined;
        if (!dialog.isConnected || openDialog(page) === null) return;
        giveUp();
        reject(blocked(dialog));
      }, PATIENCE_MS);
    };
    observer = new MutationObserver(look);
    observer.observe(page.body, {
      childList: true,
      subtree: false,
      attributes: true,
      attributeFilter: ["open"],
    });
    look();
  });
  try {
    // What becomes of it after that is nobody's business.
    work.catch(() => undefined);
    return await Promise.race([work, stuck]);
  } finally {
    clearTimeout(timer);
    observer?.disconnect();
  }
}
