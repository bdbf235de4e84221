/**
 * One generation, or another request, as an app sees it: an async iterable of deltas with a final result.
 *
 * `for await (const delta of generation)` gives each delta once, in order; leaving the loop early does not cancel.
 * `generation.result` settles when the request has its final state, also where nobody iterates.
 */

import { TavernlinkError } from "./errors.js";
import type {
  Channel,
  GenerationResult,
  RequestUpdate,
  StreamDelta,
  StreamEnd,
} from "./generated/protocol.js";

export interface Delta {
  text: string;
  channel: Channel;
  /** True: `text` is the whole text of the channel so far, since earlier text changed. */
  replace: boolean;
}

export class Generation<Result = GenerationResult> implements AsyncIterable<Delta> {
  /** What it gave: the final text and what goes with it. Rejects with `TavernlinkError` where it failed or was cancelled. */
  readonly result: Promise<Result>;
  /** How many requests were before it when last heard; 0: it runs. */
  position: number | undefined;
  /** Called with each position that is heard of. */
  moved: ((position: number | undefined) => void) | undefined;
  /** The stream's own end, where one was seen: it precedes the final state. */
  end: StreamEnd | undefined;
  private readonly waiting: Delta[] = [];
  private wake: (() => void) | undefined;
  private settled = false;
  private failure: TavernlinkError | undefined;
  private resolve!: (result: unknown) => void;
  private reject!: (error: TavernlinkError) => void;

  constructor(
    readonly requestId: string,
    private readonly cancelRequest: (requestId: string) => Promise<void>,
  ) {
    this.result = new Promise((resolve, reject) => {
      this.resolve = (result) => {
        resolve(result as Result);
      };
      this.reject = reject;
    });
    // Whoever only iterates gets the error there; it must not count as unhandled here.
    this.result.catch(() => undefined);
  }

  get done(): boolean {
    return this.settled;
  }

  cancel(): Promise<void> {
    return this.cancelRequest(this.requestId);
  }

  /** Everything so far again, as after `request.get {watch}`: the next delta replaces. */
  receiveDelta(delta: StreamDelta): void {
    this.waiting.push({
      text: delta.text,
      channel: delta.channel ?? "text",
      replace: delta.replace === true,
    });
    this.wake?.();
  }

  receiveEnd(end: StreamEnd): void {
    this.end = end;
  }

  /** The hub took it in. An update may have come before its ack. */
  receiveAccepted(position: number): void {
    if (this.position !== undefined) return;
    this.position = position;
    this.moved?.(position);
  }

  receiveUpdate(update: RequestUpdate): void {
    this.position = update.position ?? (update.state === "running" ? 0 : this.position);
    this.moved?.(this.position);
    if (update.state === "done") {
      this.settled = true;
      this.resolve(update.result);
    } else if (update.state === "failed" || update.state === "cancelled") {
      const error = update.error ?? { code: "cancelled", message: "The request was cancelled." };
      this.fail(TavernlinkError.from(error));
    }
    this.wake?.();
  }

  fail(error: TavernlinkError): void {
    if (this.settled) return;
    this.settled = true;
    this.failure = error;
    this.reject(error);
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Delta> {
    for (;;) {
      const delta = this.waiting.shift();
      if (delta !== undefined) {
        yield delta;
      } else if (this.failure !== undefined) {
        throw this.failure;
      } else if (this.settled) {
        return;
      } else {
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    }
  }
}
