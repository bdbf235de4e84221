/**
 * Runs commands on their lanes: `visible` ones one after the other, `detached` ones side by side, `immediate` ones at
 * once. Never rejects: every command ends in exactly one outcome.
 */

import { ensureSaved } from "../host/saves.js";
import { errorInfo, HostError, throwIfCancelled } from "../host/failure.js";
import { type CommandCall, type CommandTable, type Lane, type Outcome } from "./call.js";

export interface CommandOrder {
  name: string;
  args?: unknown;
  /** Of a command that a program ran by name: who that is, in words for the person. */
  caller?: string;
  /** Its member id. */
  by?: string;
  /** Of such a command: it changes or deletes what cannot be had back. */
  destructive?: boolean;
}

export class CommandRunner {
  #visible: Promise<void> = Promise.resolve();

  constructor(
    private readonly table: CommandTable,
    /** Undefined: it may run. Rejects, or throws, where the person does not want it; may ask first. */
    private readonly permit: (order: CommandOrder, signal: AbortSignal) => Promise<void> | undefined = () =>
      undefined,
  ) {}

  async run(order: CommandOrder, call: CommandCall): Promise<Outcome> {
    const entry = this.table.get(order.name);
    if (entry === undefined) {
      const message = `This tavern does not know the command “${order.name}”.`;
      return { ok: false, error: new HostError("unknown_command", message).info };
    }
    // Before its turn in a lane, so that the time for an answer is nobody's time for a command.
    try {
      const question = this.permit(order, call.signal);
      if (question !== undefined) await question;
    } catch (thrown) {
      return { ok: false, error: errorInfo(thrown) };
    }
    const lane: Lane = typeof entry.lane === "function" ? entry.lane(order.args) : entry.lane;
    const work = async (): Promise<Outcome> => {
      try {
        throwIfCancelled(call.signal);
        const result = await entry.run(order.args, call);
        // What is reported as done must be on disk: the page may go away the next moment.
        if (lane === "visible") await ensureSaved();
        return { ok: true, result };
      } catch (thrown) {
        return { ok: false, error: errorInfo(thrown) };
      }
    };
    if (lane !== "visible") return work();
    const outcome = this.#visible.then(work);
    this.#visible = outcome.then(() => undefined);
    return outcome;
  }
}
