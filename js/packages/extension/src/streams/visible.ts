/**
 * The generation that runs in the open chat, told from SillyTavern's events, and its streams.
 *
 *     GENERATION_AFTER_COMMANDS   remember the type (a typed slash command never gets here)
 *     GENERATE_AFTER_DATA         the prompt is built and goes out: stream.start
 *     STREAM_TOKEN_RECEIVED       cumulative text: stream.delta
 *     CHARACTER_MESSAGE_RENDERED  the message is final: stream.end (IMPERSONATE_READY for impersonate)
 *     body[data-generating] gone  it is over without such an event: stopped early, failed, a tool's stealth end
 *
 * Dry runs and quiet generations open nothing. Each member of a group and each round of tool calls is a generation of
 * its own. A command claims the next generation: its streams carry the request's id, and the last one's end waits
 * until the command has looked at the chat and settles the claim.
 */

import type { StreamKind } from "@tavernlink/client";

import type { STContext, STStreamingProcessor } from "../host/context.js";
import type { Outlet } from "../outlet.js";
import { Stream, type Finish } from "./stream.js";
import { Cumulative } from "./text.js";
import { ThoughtSplitter, type ThoughtMarks } from "./thought.js";

/** What a command holds: see commands/call.ts. */
export interface Claim {
  settle(finish: Finish & { character?: string }): void;
}

interface PendingClaim {
  requestId: string;
  kind: StreamKind;
  /** The newest generation that ran under this claim; its end is held back. */
  last: Generation | undefined;
  settled: boolean;
}

interface Generation {
  stream: Stream;
  kind: StreamKind;
  character: string;
  claim: PendingClaim | undefined;
  /** Where its message stands, or will stand, in the chat; undefined: it becomes none. */
  index: number | undefined;
  /** Text that was there before (`continue`). */
  base: string;
  /** What SillyTavern puts between the old text and the new one (`continue`), e.g. a space. */
  joint: string;
  processor: STStreamingProcessor | undefined;
  /** What the context showed before: a processor that is not ours. */
  stale: STStreamingProcessor | null;
  text: Cumulative;
  reasoning: Cumulative;
  splitter: ThoughtSplitter | undefined;
  stopped: boolean;
  /** Its end as it was seen, while the claim is not settled. */
  held: Finish | undefined;
}

const KINDS: Record<string, StreamKind> = {
  normal: "reply",
  regenerate: "regenerate",
  swipe: "swipe",
  continue: "continue",
  impersonate: "impersonate",
};

/** Types of MESSAGE_RECEIVED that are no generation: greetings, slash commands, other extensions. */
const NOT_GENERATED = new Set(["first_message", "command", "extension"]);

export class VisibleStreams {
  private current: Generation | undefined;
  private claims: PendingClaim[] = [];
  private type = "normal";
  private groupType: string | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly read: () => STContext,
    private readonly outlet: Outlet,
  ) {}

  /** A visible generation is running. */
  get running(): boolean {
    return this.current !== undefined || this.groupType !== undefined;
  }

  /** Index of the message that grows now, if any: the stream's business until it is final. */
  get growing(): number | undefined {
    return this.current?.index;
  }

  /** A generation began or ended. */
  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  claim(requestId: string, kind: StreamKind): Claim {
    const claim: PendingClaim = { requestId, kind, last: undefined, settled: false };
    this.claims.push(claim);
    return {
      settle: (finish) => {
        this.settle(claim, finish);
      },
    };
  }

  /** A new session: the hub gets the streams that run from their beginning; what was claimed stays claimed. */
  restart(): void {
    const open = new Set(this.claims.map(({ last }) => last));
    for (const generation of open.add(this.current)) generation?.stream.restart();
  }

  listen(): void {
    const { eventSource, eventTypes } = this.read();
    const on = (name: string, listener: (...args: never[]) => void): void => {
      const event = eventTypes[name];
      if (event !== undefined) eventSource.on(event, listener);
    };
    on("GENERATION_AFTER_COMMANDS", (type: string | undefined, _options: unknown, dryRun: boolean) => {
      if (!dryRun) this.type = type ?? "normal";
    });
    on("GROUP_WRAPPER_STARTED", ({ type }: { type?: string }) => {
      this.groupType = type ?? "normal";
      this.changed();
    });
    on("GROUP_WRAPPER_FINISHED", () => {
      this.groupType = undefined;
      this.over();
      this.changed();
    });
    on("GENERATE_AFTER_DATA", (_data: unknown, dryRun: boolean) => {
      if (!dryRun) this.begin();
    });
    on("GENERATION_STOPPED", () => {
      if (this.current !== undefined) this.current.stopped = true;
    });
    on("CHARACTER_MESSAGE_RENDERED", (index: number | string, type: string | undefined) => {
      if (type === undefined || !NOT_GENERATED.has(type)) this.finished(Number(index));
    });
    on("IMPERSONATE_READY", (text: string) => {
      if (this.current?.kind === "impersonate")
        this.end(this.current, { text, reason: this.reasonOf(this.current) });
    });
    const token = eventTypes["STREAM_TOKEN_RECEIVED"];
    if (token !== undefined) {
      const listener = (text: string): void => {
        this.receiveToken(text);
      };
      // First in line: other extensions' listeners are awaited one after another.
      if (eventSource.makeFirst === undefined) eventSource.on(token, listener);
      else eventSource.makeFirst(token, listener);
    }
  }

  /** SillyTavern shows its Send button again (body[data-generating] went away). */
  receiveIdle(): void {
    const { current } = this;
    if (current === undefined) return;
    const processor = this.processorOf(current);
    const live = processor !== undefined && processor === this.read().streamingProcessor;
    // It finished, and its message is about to be announced.
    if (live && processor.isFinished && !processor.isStopped) return;
    this.over();
  }

  private begin(): void {
    const kind = KINDS[this.type];
    if (kind === undefined) return;
    this.over();
    const { chat, name1, name2, streamingProcessor } = this.read();
    const last = chat[chat.length - 1];
    const onLast =
      kind === "continue" ||
      (kind === "swipe" && last !== undefined && !last.is_user && last.swipe_id !== undefined);
    const claim = this.claims[0];
    const generation: Omit<Generation, "stream"> = {
      kind: kind === "reply" && this.groupType !== undefined ? (KINDS[this.groupType] ?? kind) : kind,
      character: kind === "impersonate" ? name1 : name2,
      claim,
      index: kind === "impersonate" ? undefined : Math.max(0, chat.length - (onLast ? 1 : 0)),
      base: kind === "continue" ? (last?.mes ?? "") : "",
      joint: "",
      processor: undefined,
      stale: streamingProcessor,
      text: new Cumulative(),
      reasoning: new Cumulative(),
      splitter: this.splitter(),
      stopped: false,
      held: undefined,
    };
    this.endHeld(claim);
    this.current = { ...generation, stream: this.openStream(generation) };
    if (claim !== undefined) claim.last = this.current;
    this.changed();
  }

  private openStream({ kind, character, claim }: Pick<Generation, "kind" | "character" | "claim">): Stream {
    return new Stream(this.outlet, {
      kind: claim?.kind ?? kind,
      character,
      ...(claim === undefined ? {} : { requestId: claim.requestId }),
    });
  }

  /** SillyTavern awaits this for every token: no awaiting, no work beyond the step. */
  private receiveToken(text: string): void {
    const { current } = this;
    if (current === undefined || typeof text !== "string") return;
    const reasoning = this.processorOf(current)?.reasoningHandler?.reasoning ?? "";
    const added = current.joint + text;
    // What SillyTavern itself has parsed by now (it does so whenever it draws) is still in the text of this event.
    const parts = current.splitter?.split(added);
    if (parts === undefined) this.sendStep(current, added, reasoning);
    else this.sendStep(current, parts.text, parts.reasoning === "" ? reasoning : parts.reasoning);
  }

  private sendStep({ stream, text, reasoning }: Generation, newText: string, newReasoning: string): void {
    const thought = reasoning.next(newReasoning);
    if (thought !== undefined) stream.delta(thought.text, "reasoning", thought.replace);
    const step = text.next(newText);
    if (step !== undefined) stream.delta(step.text, "text", step.replace);
  }

  /** The message at `index` is final. */
  private finished(index: number): void {
    const { current } = this;
    if (current === undefined || current.kind === "impersonate") return;
    const message = this.read().chat[index];
    if (message === undefined || message.is_user) return;
    const processor = this.processorOf(current);
    const failed = processor?.isStopped === true && !processor.isFinished;
    const tools = Array.isArray(processor?.toolCalls) && processor.toolCalls.length > 0;
    const reasoning = message.extra?.reasoning;
    this.end(current, {
      text: withoutBase(message.mes, current.base),
      reason: failed ? "error" : tools ? "tool_calls" : this.reasonOf(current),
      message_index: index,
      ...(typeof reasoning === "string" && reasoning !== "" ? { reasoning } : {}),
      ...(failed ? { error: { code: "stream_error", message: "The model's stream broke off." } } : {}),
    });
  }

  /** The current generation is over, and no event said how. */
  private over(): void {
    const { current } = this;
    if (current === undefined) return;
    const processor = this.processorOf(current);
    const tools = Array.isArray(processor?.toolCalls) && processor.toolCalls.length > 0;
    const finish: Finish = {
      text: current.text.text,
      reason: current.stopped ? "cancelled" : tools ? "tool_calls" : "error",
    };
    if (current.reasoning.text !== "") finish.reasoning = current.reasoning.text;
    if (finish.reason === "error") {
      const broken = processor?.isStopped === true;
      finish.error = broken
        ? { code: "stream_error", message: "The model's stream broke off." }
        : {
            code: "generation_failed",
            message: "The generation ended without a message. SillyTavern shows why.",
          };
    }
    this.end(current, finish);
  }

  private end(generation: Generation, finish: Finish): void {
    if (this.current === generation) this.current = undefined;
    const { claim } = generation;
    if (claim === undefined || claim.settled) generation.stream.end(finish);
    else generation.held = finish;
    this.changed();
  }

  private settle(claim: PendingClaim, finish: Finish & { character?: string }): void {
    if (claim.settled) return;
    claim.settled = true;
    this.claims = this.claims.filter((other) => other !== claim);
    const { last } = claim;
    if (last !== undefined) {
      last.stream.end(finish);
      if (this.current === last) this.current = undefined;
      this.changed();
    } else if (finish.error === undefined) {
      const { requestId, kind } = claim;
      const { character } = finish;
      new Stream(this.outlet, { kind, requestId, ...(character === undefined ? {} : { character }) }).end(
        finish,
      );
    }
  }

  /** Another generation begins under the same claim: the one before it ends as it was seen to end. */
  private endHeld(claim: PendingClaim | undefined): void {
    const last = claim?.last;
    if (last?.held !== undefined) last.stream.end(last.held);
  }

  private processorOf(generation: Generation): STStreamingProcessor | undefined {
    if (generation.processor === undefined) {
      const found = this.read().streamingProcessor;
      if (found !== null && found !== generation.stale) {
        generation.processor = found;
        generation.joint = withoutBase(found.continueMessage ?? "", generation.base);
      }
    }
    return generation.processor;
  }

  private splitter(): ThoughtSplitter | undefined {
    const power = this.read().powerUserSettings;
    const settings = (power["reasoning"] ?? {}) as Partial<ThoughtMarks> & { auto_parse?: boolean };
    const { auto_parse, prefix, suffix } = settings;
    if (auto_parse !== true || !prefix || !suffix) return undefined;
    return new ThoughtSplitter({ prefix, suffix }, power["trim_spaces"] === true);
  }

  private reasonOf(generation: Generation): "stop" | "cancelled" {
    return generation.stopped ? "cancelled" : "stop";
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

/** What a `continue` added. SillyTavern may have trimmed the end of the old text. */
function withoutBase(text: string, base: string): string {
  if (base === "") return text;
  if (text.startsWith(base)) return text.slice(base.length);
  const trimmed = base.trimEnd();
  return text.startsWith(trimmed) ? text.slice(trimmed.length) : text;
}
