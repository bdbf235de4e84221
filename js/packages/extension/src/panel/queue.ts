/** The queue of this tavern: what runs and for whom, what waits, and a button to cancel it. The hub tells of it on request. */

import type { QueueChanged, QueueEntry } from "@tavernlink/client";

import { element, iconButton } from "./elements.js";
import type { PanelLine } from "./line.js";
import { Rows } from "./rows.js";
import type { Look, Sight } from "./sight.js";
import type { Template } from "./template.js";
import { TEXTS, type Texts } from "./texts.js";

const NOTHING: QueueChanged = {};

export class QueueView {
  private readonly count: HTMLElement;
  private readonly note: HTMLElement;
  private readonly rows: Rows<QueueEntry>;
  private readonly list: HTMLElement;
  private readonly look: Look;
  private queue: QueueChanged = NOTHING;
  /** The hub's clock is ahead of this page's by so many milliseconds. */
  private ahead = 0;
  private watching = false;
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor(
    template: Template,
    private readonly line: PanelLine,
    private readonly texts: Texts,
    sight: Sight,
    private readonly now: () => number = Date.now,
  ) {
    this.count = template.part("queue-count");
    this.note = template.part("queue-note");
    this.list = template.part("queue");
    this.rows = new Rows(this.list, {
      key: (entry) => entry.request_id,
      make: (entry) => this.row(entry),
      none: texts.say("queue.none"),
    });
    this.look = sight.watch(template.section("queue"), () => {
      this.follow();
      this.draw();
      // Folded, it would stay as it was.
      if (!this.look.seen) this.count.textContent = "";
    });
    line.hear("queue.changed", (queue) => {
      this.queue = queue;
      this.draw();
    });
    line.onState((state) => {
      if (state.name === "online") this.ahead = state.welcome.server_time * 1000 - this.now();
      else {
        this.queue = NOTHING;
        this.note.textContent = "";
      }
      this.follow();
      this.draw();
    });
    this.draw();
  }

  /** A new session, in which the hub knows nothing of somebody who looks. */
  restart(): void {
    this.watching = false;
    this.follow();
  }

  private follow(): void {
    const wanted = this.look.seen && this.line.state.name === "online";
    if (wanted !== this.watching && (!wanted || this.line.send("queue.watch", { on: true }))) {
      if (!wanted) this.line.send("queue.watch", { on: false });
      this.watching = wanted;
    }
    clearInterval(this.ticking);
    this.ticking = wanted
      ? setInterval(() => {
          this.drawTimes();
        }, 1000)
      : undefined;
  }

  private draw(): void {
    if (!this.look.seen) return;
    const { running = [], queued = [], waiting = 0 } = this.queue;
    const online = this.line.state.name === "online";
    this.rows.draw(online ? [...running, ...queued] : []);
    this.count.textContent =
      running.length + waiting === 0 ? "" : this.texts.say("queue.count", running.length, waiting);
    const more = waiting - queued.length;
    if (!online) this.note.textContent = this.texts.say("queue.offline");
    else this.note.textContent = more > 0 ? this.texts.say("queue.more", more) : "";
    this.drawTimes();
  }

  private row(entry: QueueEntry): HTMLElement {
    const { texts } = this;
    const what = this.what(entry);
    const words = element("div", "tavernlink-words", element("b", "", what));
    const time = element("span", "");
    // A clock that runs is nothing to be read out.
    time.dataset["since"] = String(entry.started ?? entry.asked);
    const state =
      entry.state === "queued"
        ? texts.say("queue.position", entry.position ?? 0)
        : texts.say(`queue.${entry.state}`);
    words.append(element("small", "", `${entry.asker} · ${state} · `, time));
    const cancel = iconButton("fa-xmark", texts.say("queue.cancel", what, entry.asker), () => {
      void this.cancel(entry);
    });
    cancel.disabled = entry.state === "cancelling";
    const row = element("li", "tavernlink-request", words, cancel);
    row.dataset["state"] = entry.state;
    row.dataset["request"] = entry.request_id;
    return row;
  }

  private what({ name, mode, session }: QueueEntry): string {
    if (typeof session === "string") return this.texts.say("queue.what.session", session);
    const key = `queue.what.${name === "generate" && typeof mode === "string" ? mode : name}`;
    return key in TEXTS ? this.texts.say(key as keyof typeof TEXTS) : name;
  }

  private async cancel({ request_id: id }: QueueEntry): Promise<void> {
    const outcome = await this.line.ask("request.cancel", { request_id: id });
    if (!outcome.ok) this.note.textContent = this.texts.error(outcome.error.code, outcome.error.message);
  }

  private drawTimes(): void {
    for (const place of this.list.querySelectorAll<HTMLElement>("[data-since]")) {
      const since = Number(place.dataset["since"]) * 1000;
      const text = clock((this.now() + this.ahead - since) / 1000);
      if (place.textContent !== text) place.textContent = text;
    }
  }
}

/** Seconds as 0:07, 12:30 or 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
