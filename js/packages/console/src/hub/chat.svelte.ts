/** One tavern's open chat: the messages, what is being written now, and what the person does with them. */

import type { ChatMessage, ChatView, Hub, StreamDelta, StreamStart } from "@tavernlink/client";

import { apply, type Loaded } from "./mirror.js";

const PAGE = 60;

/** A reply that grows. `onLast`: it adds to or replaces the last message (continue, swipe). */
export interface Growing {
  id: string;
  speaker: string;
  onLast: "add" | "replace" | null;
  text: string;
  reasoning: string;
}

type OnLast = Growing["onLast"];
const ON_LAST: Partial<Record<StreamStart["kind"], OnLast>> = { continue: "add", swipe: "replace" };
const VISIBLE: ReadonlySet<string> = new Set(["reply", "regenerate", "swipe", "continue"]);

export class Chat {
  chatId = $state<string | null>(null);
  total = $state(0);
  growing = $state<Growing | null>(null);
  /** Place in the queue of what was asked last; null: nothing waits. */
  position = $state<number | null>(null);
  loadingEarlier = $state(false);
  private loaded = $state.raw<Loaded>({ first: 0, messages: [] });
  private revision = 0;
  private fresh = false;
  private readonly undo: (() => void)[];

  constructor(
    private readonly hub: Hub,
    readonly tavern: string,
    private readonly failed: (error: unknown) => void,
  ) {
    const ofThis = (content: { tavern?: string | null }): boolean => content.tavern === tavern;
    this.undo = [
      hub.on("chat.changed", (change) => {
        if (!ofThis(change)) return;
        if (!this.fresh || change.revision > this.revision + 1) {
          this.reload();
          return;
        }
        if (change.revision <= this.revision) return;
        this.revision = change.revision;
        this.chatId = change.chat_id;
        this.loaded = apply(this.loaded, change.ops);
        this.total = this.loaded.first + this.loaded.messages.length;
      }),
      hub.on("stream.start", (start) => {
        if (ofThis(start) && VISIBLE.has(start.kind)) this.begin(start);
      }),
      hub.on("stream.delta", (delta) => {
        if (delta.stream_id === this.growing?.id) this.grow(delta);
      }),
      hub.on("stream.end", ({ stream_id }) => {
        if (stream_id === this.growing?.id) this.growing = null;
      }),
      hub.connection.on("session", ({ resumed }) => {
        if (!resumed) this.reload();
      }),
    ];
    this.reload();
  }

  get messages(): readonly ChatMessage[] {
    return this.loaded.messages;
  }

  get first(): number {
    return this.loaded.first;
  }

  close(): void {
    for (const off of this.undo) off();
  }

  async loadEarlier(): Promise<void> {
    if (this.first === 0 || this.loadingEarlier) return;
    this.loadingEarlier = true;
    try {
      const view = await this.ask({ before: this.first, limit: PAGE });
      // What changed meanwhile has moved our first message: then the page is asked for anew.
      if (view.revision !== this.revision || view.messages.length === 0) return;
      this.loaded = {
        first: this.first - view.messages.length,
        messages: [...view.messages, ...this.messages],
      };
    } catch (error) {
      this.failed(error);
    } finally {
      this.loadingEarlier = false;
    }
  }

  async send(text: string): Promise<void> {
    await this.follow(this.hub.tavern(this.tavern).send(text));
  }

  async generate(mode: "regenerate" | "continue" | "swipe"): Promise<void> {
    await this.follow(this.hub.tavern(this.tavern).generate({ mode }));
  }

  async stop(): Promise<void> {
    await this.hub.tavern(this.tavern).stop();
  }

  async edit(index: number, text: string): Promise<void> {
    await this.hub.request("chat.edit", { tavern: this.tavern, index, text, revision: this.revision });
  }

  async remove(index: number): Promise<void> {
    await this.hub.request("chat.delete", { tavern: this.tavern, index, revision: this.revision });
  }

  private async follow(generation: ReturnType<ReturnType<Hub["tavern"]>["send"]>): Promise<void> {
    const off = this.hub.on("request.update", (update) => {
      if (update.request_id === generation.requestId)
        this.position = update.state === "queued" ? (update.position ?? 0) : null;
    });
    try {
      await generation.result;
    } finally {
      off();
      this.position = null;
    }
  }

  private begin(start: StreamStart): void {
    this.growing = {
      id: start.stream_id,
      speaker: start.character ?? "",
      onLast: ON_LAST[start.kind] ?? null,
      text: "",
      reasoning: "",
    };
  }

  private grow(delta: StreamDelta): void {
    if (this.growing === null) return;
    const channel = delta.channel === "reasoning" ? "reasoning" : "text";
    this.growing[channel] = delta.replace === true ? delta.text : this.growing[channel] + delta.text;
  }

  private reload(): void {
    this.fresh = false;
    this.ask({ limit: PAGE }).then((view) => {
      this.take(view);
    }, this.failed);
  }

  private take(view: ChatView): void {
    this.fresh = true;
    this.revision = view.revision;
    this.chatId = view.chat_id;
    this.total = view.total;
    this.loaded = { first: view.total - view.messages.length, messages: view.messages };
  }

  private ask(page: { before?: number; limit: number }): Promise<ChatView> {
    return this.hub.request("chat.get", { tavern: this.tavern, ...page });
  }
}
