/**
 * The hub's commands: each is handed to the command runner once, and answered with one `command.done`.
 *
 * A command that comes again (a replay after a lost line, a hub that asks twice) is not done again: while it runs it is
 * ignored, afterwards its outcome is sent once more. What runs goes on over a new session too, since a hub that was
 * started again still waits for it; `commands.known` tells the hub of it, and the hub cancels what it does not want.
 */

import type { Command, CommandDone, StreamKind } from "@tavernlink/client";

import type { CommandCall, Outcome } from "./commands/call.js";
import type { CommandOrder } from "./commands/runner.js";
import type { Log } from "./log.js";
import type { Outlet } from "./outlet.js";
import { Stream } from "./streams/stream.js";
import type { Claim, VisibleStreams } from "./streams/visible.js";

export interface Runner {
  run(order: CommandOrder, call: CommandCall): Promise<Outcome>;
}

const REMEMBERED = 256;

interface Running {
  abort: AbortController;
  streams: Stream[];
  claims: Claim[];
  came: number;
}

interface Done {
  content: CommandDone;
  came: number;
}

export class Work {
  private readonly running = new Map<string, Running>();
  private readonly done = new Map<string, Done>();
  /** Since when every command is remembered, in the clock's milliseconds. */
  private since: number;

  constructor(
    private readonly runner: Runner,
    private readonly visible: VisibleStreams,
    private readonly outlet: Outlet,
    private readonly log: Log,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.since = now();
  }

  receiveCommand({ request_id, ...order }: Command): void {
    const { name } = order;
    const before = this.done.get(request_id);
    if (before !== undefined) this.outlet.send("command.done", before.content);
    if (before !== undefined || this.running.has(request_id)) return;
    const running: Running = { abort: new AbortController(), streams: [], claims: [], came: this.now() };
    this.running.set(request_id, running);
    this.log.add("info", `Command ${name} (${request_id})`);
    void this.run(request_id, order, running);
  }

  receiveCancel(requestId: string): void {
    this.running.get(requestId)?.abort.abort();
  }

  /** A new session: the hub hears what is known here, and gets the streams that run from their beginning. */
  restart(): void {
    this.outlet.send("commands.known", {
      running: [...this.running.keys()],
      done: [...this.done.keys()],
      seconds: (this.now() - this.since) / 1000,
    });
    for (const { streams } of this.running.values()) for (const stream of streams) stream.restart();
  }

  private async run(requestId: string, order: CommandOrder, running: Running): Promise<void> {
    const { name } = order;
    let outcome: Outcome;
    try {
      outcome = await this.runner.run(order, this.call(requestId, order, running));
    } catch (error) {
      // The runner promises not to; a command must be answered all the same.
      const message = `The command failed in the extension: ${error instanceof Error ? error.message : String(error)}`;
      outcome = { ok: false, error: { code: "internal", message } };
    }
    this.closeLeft(running, outcome);
    if (!outcome.ok)
      this.log.add(
        "warning",
        `Command ${name} (${requestId}): ${outcome.error.code}: ${outcome.error.message}`,
      );
    this.running.delete(requestId);
    const done: CommandDone = outcome.ok
      ? {
          request_id: requestId,
          ok: true,
          ...(outcome.result === undefined ? {} : { result: outcome.result }),
        }
      : { request_id: requestId, ok: false, error: outcome.error };
    this.remember(done, running.came);
    this.outlet.send("command.done", done);
  }

  private call(requestId: string, { by }: CommandOrder, running: Running): CommandCall {
    return {
      requestId,
      ...(by === undefined ? {} : { by }),
      signal: running.abort.signal,
      openStream: ({ kind, character }: { kind: StreamKind; character?: string }) => {
        const stream = new Stream(this.outlet, {
          kind,
          requestId,
          ...(character === undefined ? {} : { character }),
        });
        running.streams.push(stream);
        return stream;
      },
      claimVisible: (kind) => {
        const claim = this.visible.claim(requestId, kind);
        running.claims.push(claim);
        return claim;
      },
    };
  }

  /** Every stream has its end and every claim is settled, also where a command forgot. */
  private closeLeft({ streams, claims }: Running, outcome: Outcome): void {
    const error = outcome.ok
      ? { code: "internal", message: "The command left its stream open." }
      : outcome.error;
    for (const stream of streams) stream.end({ text: stream.text, reason: "error", error });
    for (const claim of claims) claim.settle({ text: "", reason: "error", error });
  }

  private remember(content: CommandDone, came: number): void {
    this.done.set(content.request_id, { content, came });
    for (const [id, oldest] of this.done) {
      if (this.done.size <= REMEMBERED) break;
      this.done.delete(id);
      // Of what came before it, nothing can be said with certainty any more.
      this.since = Math.max(this.since, oldest.came);
    }
  }
}
