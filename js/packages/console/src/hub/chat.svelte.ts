/** One tavern's open chat: the messages, what is being written now, and what the person does with them. */

import {
  TavernlinkError,
  type Attachment,
  type ChatMessage,
  type ChatView,
  type Commands,
  type Generation,
  type Hub,
  type StreamDelta,
  type StreamStart,
} from "@tavernlink/client";

import type { Errand, Errands } from "./errands.svelte.js";
import { apply, type Loaded } from "./mirror.js";
import { target } from "./swipes.js";

const PAGE = 60;
const TOPICS = ["stream.*", "chat.*"];

/** A reply that grows. `onLast`: it adds to or replaces the last message (continue, swipe). */
export interface Growing {
  id: string;
  speaker: string;
  onLast: "add" | "replace" | null;
  text: string;
  reasoning: string;
}

/** What went wrong last, and how it is tried again, where that makes sense. */
export interface Trouble {
  code: string;
  message: string;
  again: (() => void) | null;
}

export type Mode = "reply" | "regenerate" | "continue" | "swipe" | "impersonate";

type OnLast = Growing["onLast"];
const ON_LAST: Partial<Record<StreamStart["kind"], OnLast>> = { continue: "add", swipe: "replace" };
const VISIBLE: ReadonlySet<string> = new Set(["reply", "regenerate", "swipe", "continue"]);
/** What the person did, no trouble. */
const WANTED: ReadonlySet<string> = new Set(["cancelled", "stopped"]);

export class Chat {
  chatId = $state<string | null>(null);
  total = $state(0);
  growing = $state<Growing | null>(null);
  trouble = $state.raw<Trouble | null>(null);
  loadingEarlier = $state(false);
  /** False until the hub's copy of the chat is here. */
  ready = $state(false);
  /** The last whole message, for those who hear the page: tokens one by one would be noise. */
  said = $state("");
  private loaded = $state.raw<Loaded>({ first: 0, messages: [] });
  private revision = 0;
  private fresh = false;
  private arrived: StreamDelta[] = [];
  private readonly undo: (() => void)[];

  constructor(
    private readonly hub: Hub,
    readonly tavern: string,
    private readonly errands: Errands,
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
        const last = change.ops.at(-1);
        if (last?.op === "insert" && last.message?.role === "user" && last.index === this.total - 1)
          this.say(last.message.name, last.message.text);
      }),
      hub.on("stream.start", (start) => {
        if (ofThis(start) && VISIBLE.has(start.kind)) this.begin(start);
      }),
      hub.on("stream.delta", (delta) => {
        if (delta.stream_id === this.growing?.id) this.grow(delta);
      }),
      hub.on("stream.end", ({ stream_id, text }) => {
        if (stream_id !== this.growing?.id) return;
        this.say(this.growing.speaker, text);
        this.arrived = [];
        this.growing = null;
      }),
      hub.connection.on("session", ({ resumed }) => {
        if (resumed) return;
        this.growing = null;
        this.reload();
      }),
      this.listen(),
    ];
    this.reload();
  }

  get messages(): readonly ChatMessage[] {
    return this.loaded.messages;
  }

  /** What this page asked here and is not finished. */
  get waiting(): readonly Errand[] {
    return this.errands.of(this.tavern);
  }

  get first(): number {
    return this.loaded.first;
  }

  close(): void {
    for (const off of this.undo) off();
  }

  /** `before` is called in the moment before they are there. */
  async loadEarlier(before: () => void = () => undefined): Promise<void> {
    if (this.first === 0 || this.loadingEarlier) return;
    this.loadingEarlier = true;
    try {
      const view = await this.ask({ before: this.first, limit: PAGE });
      // What changed meanwhile has moved our first message: then the page is asked for anew.
      if (view.revision !== this.revision || view.messages.length === 0) return;
      before();
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

  /** False: it was not sent, and the person should have their text back. */
  async send(text: string, attachments: readonly Attachment[] = []): Promise<boolean> {
    const at = this.hub.tavern(this.tavern);
    const pictures = attachments.filter(({ type }) => type.startsWith("image/"));
    const others = attachments.filter(({ type }) => !type.startsWith("image/"));
    const before = this.total;
    const done = await this.attempt(null, async () => {
      if (others.length === 0) {
        await this.follow(at.send(text, { attachments: pictures }));
        return;
      }
      // A message takes pictures along; other files are put to it before the reply.
      const { message_index } = await this.follow(at.send(text, { attachments: pictures, generate: false }));
      const files = others.map(({ name, type, data }) => ({ name, type, data }));
      await this.follow(at.command("file.attach", { index: message_index ?? before, files }));
      await this.follow(at.generate({ mode: "reply" }));
    });
    if (!done && this.total > before && this.trouble !== null) {
      // The message stands; only its answer did not come.
      this.trouble = { ...this.trouble, again: () => void this.generate("reply") };
      return true;
    }
    return done || this.total > before;
  }

  /** Gives the text that was written for the person, with `impersonate`. */
  async generate(mode: Mode): Promise<string> {
    let text = "";
    await this.attempt(
      () => void this.generate(mode),
      async () => {
        text = (await this.follow(this.hub.tavern(this.tavern).generate({ mode }))).text;
      },
    );
    return text;
  }

  /** What waits is cancelled; what is being written is stopped, whoever asked for it. */
  async stop(): Promise<void> {
    const queued = this.waiting.filter(({ position }) => position > 0);
    await this.attempt(null, async () => {
      for (const each of queued) await each.cancel();
      if (queued.length === 0) await this.hub.tavern(this.tavern).stop();
    });
  }

  async edit(index: number, text: string): Promise<boolean> {
    const asked = { tavern: this.tavern, index, text, revision: this.revision };
    return this.attempt(null, () => this.hub.request("chat.edit", asked));
  }

  async remove(index: number, count = 1): Promise<boolean> {
    const asked = { tavern: this.tavern, index, count, revision: this.revision };
    return this.attempt(null, () => this.hub.request("chat.delete", asked));
  }

  async swipe(index: number, step: -1 | 1): Promise<void> {
    const message = this.messages[index - this.first];
    if (message === undefined) return;
    const wanted = target(message, { index, total: this.total }, step);
    if (wanted === "new") await this.generate("swipe");
    else if (wanted !== null) await this.run("swipe.select", { index, swipe: wanted });
  }

  /** Run a command by its name; undefined: it failed, and `trouble` says why. */
  async run<Name extends keyof Commands>(
    name: Name,
    args: Commands[Name]["args"],
  ): Promise<Commands[Name]["result"] | undefined> {
    let result: Commands[Name]["result"] | undefined;
    await this.attempt(null, async () => {
      result = await this.follow(this.hub.tavern(this.tavern).command(name, args));
    });
    return result;
  }

  private async attempt(again: (() => void) | null, work: () => Promise<unknown>): Promise<boolean> {
    this.trouble = null;
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof TavernlinkError)) throw error;
      if (!WANTED.has(error.code)) this.trouble = { code: error.code, message: error.message, again };
      return false;
    }
  }

  private follow<Result>(generation: Generation<Result>): Promise<Result> {
    return this.errands.follow(this.tavern, generation);
  }

  private begin(start: StreamStart): void {
    this.arrived = [];
    this.growing = {
      id: start.stream_id,
      speaker: start.character ?? "",
      onLast: ON_LAST[start.kind] ?? null,
      text: "",
      reasoning: "",
    };
  }

  /** Taken once a frame: a fast model sends many deltas between two of them. */
  private grow(delta: StreamDelta): void {
    this.arrived.push(delta);
    if (this.arrived.length > 1) return;
    requestAnimationFrame(() => {
      const arrived = this.arrived;
      this.arrived = [];
      if (this.growing === null) return;
      const grown = { ...this.growing };
      for (const { stream_id, channel, replace, text } of arrived) {
        if (stream_id !== grown.id) continue;
        const of = channel === "reasoning" ? "reasoning" : "text";
        grown[of] = replace === true ? text : grown[of] + text;
      }
      this.growing = grown;
    });
  }

  /** Hear of this tavern alone, while it is looked at: what happens in others stays at the hub. */
  private listen(): () => void {
    const where = { tavern: this.tavern };
    void this.hub.subscribe(TOPICS, where).catch(this.failed);
    return () => {
      void this.hub.unsubscribe(TOPICS, where).catch(() => undefined);
    };
  }

  private say(name: string, text: string): void {
    this.said = `${name}: ${text.replace(/[*_~`]+/g, "")}`;
  }

  private reload(): void {
    this.fresh = false;
    this.ask({ limit: PAGE }).then((view) => {
      this.take(view);
    }, this.failed);
  }

  private take(view: ChatView): void {
    this.fresh = true;
    this.ready = true;
    this.revision = view.revision;
    this.chatId = view.chat_id;
    this.total = view.total;
    this.loaded = { first: view.total - view.messages.length, messages: view.messages };
  }

  private ask(page: { before?: number; limit: number }): Promise<ChatView> {
    return this.hub.request("chat.get", { tavern: this.tavern, ...page });
  }
}
