/**
 * Saving the open chat, and knowing that it was saved.
 *
 * SillyTavern's own function returns without an error also where it did not save: another save took longer than a
 * second, or the server refused. What a command reports as done must be on disk, so the request itself is looked for,
 * in the browser's list of what the page loaded. A browser that does not tell the status there is taken at its word.
 */

import { context } from "./context.js";
import { HostError } from "./failure.js";

const SAVE = /\/api\/chats\/(group\/)?save$/;
/** How long the list may lag behind the end of a request, in milliseconds. */
const LAG_MS = 1_500;
const TRIES = 4;

export interface Loaded {
  name: string;
  startTime: number;
  responseStatus?: number;
}

type Observe = (listener: (loaded: readonly Loaded[]) => void) => () => void;

export class SaveWatch {
  /** When the newest save that went well began, in the page's milliseconds. */
  private newest = -1;
  /** When a message of the chat became final last. */
  private changed = -1;
  private readonly waiters = new Set<() => void>();
  private readonly stop: () => void;

  constructor(
    observe: Observe,
    private readonly now: () => number = () => performance.now(),
    private readonly lag = LAG_MS,
  ) {
    this.stop = observe((loaded) => {
      this.receive(loaded);
    });
  }

  /** A message of the chat is final; SillyTavern saves it soon. */
  receiveChange(): void {
    this.changed = this.now();
  }

  /** Save the chat, again where it was not saved. Rejects with `save_failed`. */
  async save(): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const asked = this.now();
      await context().saveChat();
      if (await this.savedSince(asked)) return;
    }
    throw new HostError("save_failed", "SillyTavern could not save the chat. Is its server still running?");
  }

  /** Save the chat unless what SillyTavern generated last was saved. */
  async ensure(): Promise<void> {
    if (this.changed >= 0 && !(await this.savedSince(this.changed))) await this.save();
  }

  dispose(): void {
    this.stop();
  }

  private receive(loaded: readonly Loaded[]): void {
    for (const { name, startTime, responseStatus = 200 } of loaded) {
      // 0: the browser does not tell.
      const well = responseStatus === 0 || (responseStatus >= 200 && responseStatus < 300);
      if (well && SAVE.test(name)) this.newest = Math.max(this.newest, startTime);
    }
    for (const waiter of [...this.waiters]) waiter();
  }

  private savedSince(time: number): Promise<boolean> {
    if (this.newest >= time) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (saved: boolean): void => {
        clearTimeout(timer);
        this.waiters.delete(look);
        resolve(saved);
      };
      const look = (): void => {
        if (this.newest >= time) settle(true);
      };
      const timer = setTimeout(() => {
        settle(false);
      }, this.lag);
      this.waiters.add(look);
    });
  }
}

let watch: SaveWatch | undefined;

/** Begin to watch the saves of this page; the function that it returns ends it. */
export function watchSaves(): () => void {
  if (!PerformanceObserver.supportedEntryTypes.includes("resource")) return () => undefined;
  const { eventSource, eventTypes } = context();
  const event = eventTypes["MESSAGE_RECEIVED"] ?? "message_received";
  const begun = new SaveWatch((listener) => {
    const observer = new PerformanceObserver((list) => {
      listener(list.getEntries());
    });
    observer.observe({ type: "resource" });
    return () => {
      observer.disconnect();
    };
  });
  const changed = (): void => {
    begun.receiveChange();
  };
  eventSource.on(event, changed);
  watch = begun;
  return () => {
    eventSource.removeListener(event, changed);
    begun.dispose();
    if (watch === begun) watch = undefined;
  };
}

/** Save the open chat. Rejects with `save_failed` where it was not saved. */
export function saveChat(): Promise<void> {
  return watch === undefined ? context().saveChat() : watch.save();
}

/** Resolves when what SillyTavern generated last is saved. Rejects with `save_failed`. */
export async function ensureSaved(): Promise<void> {
  await watch?.ensure();
}
