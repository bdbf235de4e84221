/**
 * A round of tools in a visible generation: the model asked, SillyTavern calls one after another and generates again.
 *
 * SillyTavern's Stop button knows nothing of a call that runs, and the round would go on with another generation after
 * it. So a stop during a round aborts its calls, and the generation that would follow is ended by the interceptor.
 */

import type { STEventSource } from "../host/context.js";

export interface Shown {
  /** Where SillyTavern's server keeps it. */
  url: string;
  title: string;
}

type EventTypes = Record<string, string>;

export class ToolRound {
  private readonly running = new Set<AbortController>();
  private images: Shown[] = [];
  private open = false;
  private stopped = false;

  /** `attach` puts images into the message that SillyTavern makes of the round. */
  listen(source: STEventSource, types: EventTypes, attach: (images: Shown[]) => void): void {
    source.on(types["GENERATION_STOPPED"] ?? "generation_stopped", () => {
      if (!this.open) return;
      this.stopped = true;
      for (const call of this.running) call.abort();
    });
    source.on(types["TOOL_CALLS_PERFORMED"] ?? "tool_calls_performed", () => {
      const { images } = this;
      this.images = [];
      if (images.length > 0) attach(images);
    });
  }

  /** A call begins; its signal is aborted by Stop. */
  begin(): AbortController {
    this.open = true;
    const call = new AbortController();
    if (this.stopped) call.abort();
    else this.running.add(call);
    return call;
  }

  end(call: AbortController): void {
    this.running.delete(call);
  }

  show(images: readonly Shown[]): void {
    this.images.push(...images);
  }

  /** Asked before each generation that is not a dry run. True: this is the round's next one, and it was stopped. */
  takeStop(): boolean {
    const { stopped } = this;
    this.receiveIdle();
    return stopped;
  }

  /** Nothing is generated any more: a stop from now on is no business of a round's. */
  receiveIdle(): void {
    this.open = false;
    this.stopped = false;
  }
}
