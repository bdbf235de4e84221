/**
 * The hub's commands: each is handed to the command runner once, and answered with one `command.done`.
 *
 * A command that comes again (a replay after a lost line, a hub that asks twice) is not done again: while it runs it is
 * ignored, afterwards its outcome is sent once more.
 */

import type { Command, CommandDone, StreamKind } from "@tavernlink/client";

import type { CommandCall, Outcome } from "./commands/call.js";
import type { Log } from "./log.js";
import type { Outlet } from "./outlet.js";
import { Stream } from "./streams/stream.js";
import type { Claim, VisibleStreams } from "./streams/visible.js";

export interface Runner {
  run(order: { name: string; args?: unknown }, call: CommandCall): Promise<Outcome>;
}

const REMEMBERED = 256;

interface Running {
  abort: AbortController;
  streams: Stream[];
  claims: Claim[];
}

export class Work {
  private readonly running = new Map<string, Running>();
  private readonly done = new Map<string, CommandDone>();

  constructor(
    private readonly runner: Runner,
    private readonly visible: VisibleStreams,
    private readonly outlet: Outlet,
    private readonly log: Log,
  ) {}

  receiveCommand({ request_id, name, args }: Command): void {
    const before = this.done.get(request_id);
    if (before !== undefined) this.outlet.send("command.done", before);
    if (before !== undefined || this.running.has(request_id)) return;
    const running: Running = { abort: new AbortController(), streams: [], claims: [] };
    this.running.set(request_id, running);
    this.log.add("info", `Command ${name} (${request_id})`);
    void this.run(request_id, name, args, running);
  }

  receiveCancel(requestId: string): void {
    this.running.get(requestId)?.abort.abort();
  }

  /** A new session: the hub has failed everything that ran for the old one. */
  restart(): void {
    for (const { abort } of this.running.values()) abort.abort();
    this.running.clear();
    this.done.clear();
  }

  private async run(requestId: string, name: string, args: unknown, running: Running): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = await this.runner.run({ name, args }, this.call(requestId, running));
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
    // Not of this session any more.
    if (this.running.get(requestId) !== running) return;
    this.running.delete(requestId);
    const done: CommandDone = outcome.ok
      ? {
          request_id: requestId,
          ok: true,
          ...(outcome.result === undefined ? {} : { result: outcome.result }),
        }
      : { request_id: requestId, ok: false, error: outcome.error };
    this.remember(done);
    this.outlet.send("command.done", done);
  }

  private call(requestId: string, running: Running): CommandCall {
    return {
      requestId,
      signal: running.abort.signal,
      openStream: ({ kind, character }: { kind: StreamKind; character?: string }) => {
        const stream = new Stream(this.outletOf(requestId, running), {
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

  /** Streams of a command whose session is gone must not reach the next one. */
  private outletOf(requestId: string, running: Running): Outlet {
    const { outlet } = this;
    return {
      send: (type, content) => this.running.get(requestId) === running && outlet.send(type, content),
      room: () => outlet.room(),
      get maxPayload() {
        return outlet.maxPayload;
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

  private remember(done: CommandDone): void {
    this.done.set(done.request_id, done);
    for (const oldest of this.done.keys()) {
      if (this.done.size <= REMEMBERED) break;
      this.done.delete(oldest);
    }
  }
}
