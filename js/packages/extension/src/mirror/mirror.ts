/**
 * Keeps the hub's copy of the open chat like the chat.
 *
 * Every event only says "look again": the truth is the chat array, and the difference to what was sent is what goes
 * out. A long chat goes out in pages with a pause for the page's own work between them; each page starts from a fresh
 * look, so changes during the paging need no care of their own.
 */

import type { ChatOp } from "@tavernlink/client";

import type { STContext } from "../host/context.js";
import type { Outlet } from "../outlet.js";
import { nextPage } from "./diff.js";
import { MAX_TEXT, type Signature } from "./message.js";

/** Events after which the chat may differ. Hiding and moving have none; `observeChat` sees those. */
const TRIGGERS = [
  "CHAT_CHANGED",
  "MESSAGE_SENT",
  "MESSAGE_RECEIVED",
  "USER_MESSAGE_RENDERED",
  "CHARACTER_MESSAGE_RENDERED",
  "MESSAGE_EDITED",
  "MESSAGE_UPDATED",
  "MESSAGE_DELETED",
  "MESSAGE_SWIPED",
  "MESSAGE_SWIPE_DELETED",
  "MESSAGE_FILE_EMBEDDED",
  "MESSAGE_REASONING_EDITED",
  "MESSAGE_REASONING_DELETED",
  "MEDIA_ATTACHMENT_DELETED",
  "FILE_ATTACHMENT_DELETED",
  "TOOL_CALLS_RENDERED",
  "GENERATION_ENDED",
  "GROUP_WRAPPER_FINISHED",
];

const PAGE_OPS = 100;
/** At three bytes each, the worst case, a page of 256 kB. */
const PAGE_CHARACTERS = 85_000;

/** How long the end of a command waits for the line. */
const LATE_MS = 1_000;

export interface MirrorPage {
  read: () => STContext;
  /** Index of the message that streams now. */
  growing: () => number | undefined;
  observeChat: (changed: () => void) => void;
  /** Lets the page do other work; not a timer, since those are throttled in background tabs. */
  pause: () => Promise<void>;
}

export class Mirror {
  private sent: Signature[] = [];
  private sentChat: string | null | undefined;
  private running: Promise<void> | null = null;
  private again = false;

  constructor(
    private readonly page: MirrorPage,
    private readonly outlet: Outlet,
  ) {}

  listen(): void {
    const { eventSource, eventTypes } = this.page.read();
    const look = (): void => {
      this.look();
    };
    for (const name of TRIGGERS) {
      const event = eventTypes[name];
      if (event !== undefined) eventSource.on(event, look);
    }
    this.page.observeChat(() => {
      // While SillyTavern loads another chat, the screen changes before the array does: CHAT_CHANGED tells.
      const { chat } = this.page.read();
      if (chat.length > 0 && this.chatId() === this.sentChat) this.look();
    });
  }

  /** A new session: the hub knows nothing. */
  restart(): void {
    this.sentChat = undefined;
    this.look();
  }

  /** Compare and send soon, once for all that happens in this turn of the page. */
  look(): void {
    this.again = true;
    this.running ??= this.run();
  }

  /**
   * Resolves when what the chat is now is on its way, so that who hears of a command's end finds it in the hub's copy.
   * A line that takes nothing is not waited for.
   */
  async caughtUp(): Promise<void> {
    this.look();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LATE_MS);
    });
    await Promise.race([this.running, late]);
    clearTimeout(timer);
  }

  private async run(): Promise<void> {
    try {
      while (this.again) {
        await this.page.pause();
        this.again = false;
        for (let complete = false; !complete;) {
          await this.outlet.room();
          complete = this.sendPage();
          if (!complete) await this.page.pause();
        }
      }
    } finally {
      this.running = null;
    }
  }

  private chatId(): string | null {
    const id = this.page.read().getCurrentChatId();
    return typeof id === "string" && id !== "" ? id.slice(0, 200) : null;
  }

  private sendPage(): boolean {
    const { chat } = this.page.read();
    const chatId = this.chatId();
    const reset: ChatOp[] = [];
    if (chatId !== this.sentChat || (chat.length === 0 && this.sent.length > 0)) {
      this.sent = [];
      reset.push({ op: "reset", index: 0 });
    }
    const characters = Math.min(PAGE_CHARACTERS, Math.floor(this.outlet.maxPayload / 4));
    const page = { ops: PAGE_OPS, characters, maxText: Math.min(MAX_TEXT, characters) };
    const growing = this.page.growing();
    const { ops, complete } = nextPage(this.sent, chat, page, growing);
    if (ops.length === 0 && reset.length === 0) return true;
    const content = { chat_id: chatId, ops: [...reset, ...ops], ...(complete ? {} : { loading: true }) };
    if (this.outlet.send("chat.update", content)) {
      this.sentChat = chatId;
      return complete;
    }
    // No session: everything is sent when there is one.
    this.sentChat = undefined;
    return true;
  }
}
