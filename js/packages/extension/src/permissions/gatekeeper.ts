/**
 * Lets a program's command pass, refuses it, or asks the person. One question at a time; an answer that is remembered
 * covers what waits behind it.
 */

import { COMMANDS } from "@tavernlink/client";

import { HostError, throwIfCancelled } from "../host/failure.js";
import type { CommandClass, Permissions } from "./stored.js";

export interface Wish {
  /** In the hub's words; undefined for programs that speak the hub's older messages. */
  caller: string | undefined;
  /** Id of its key: names repeat, and a program chooses its own. */
  key: string;
  command: string;
  kind: CommandClass;
  args: unknown;
}

export interface Reply {
  answer: "allow" | "refuse" | "timeout";
  remember: "no" | "command" | "class";
}

/** Rejects when the signal is aborted. */
export type Ask = (wish: Wish, seconds: number, signal: AbortSignal) => Promise<Reply>;

export interface Order {
  name: string;
  args?: unknown;
  caller?: string;
  by?: string;
  destructive?: boolean;
}

/** What the hub's own messages come to, which are older than the catalogue. */
const OLDER: Readonly<Record<string, { command: string; kind: CommandClass }>> = {
  edit: { command: "message.edit", kind: "change" },
  delete: { command: "message.delete", kind: "destructive" },
  send: { command: "send", kind: "speak" },
  generate: { command: "generate", kind: "speak" },
  "session.turn": { command: "session.turn", kind: "speak" },
  "profile.apply": { command: "profile.apply", kind: "change" },
  "profile.undo": { command: "profile.undo", kind: "change" },
};

/** Undefined: it only looks, or is no program's wish. */
export function classify({ name, destructive }: Order): { command: string; kind: CommandClass } | undefined {
  const older = OLDER[name];
  if (older !== undefined) return older;
  const facts = Object.hasOwn(COMMANDS, name) ? COMMANDS[name as keyof typeof COMMANDS] : undefined;
  // A newer hub knows better what is destructive; nobody can talk this page out of it.
  if (destructive === true || facts?.destructive === true) return { command: name, kind: "destructive" };
  if (facts === undefined || facts.scope === "chat:read") return undefined;
  return { command: name, kind: facts.scope === "control" ? "change" : "speak" };
}

export class Gatekeeper {
  private asking: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly permissions: Permissions,
    private readonly ask: Ask,
    /** Nobody sits at this page. */
    private readonly unattended: () => boolean,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /** Undefined: it may, at once. Rejects with `refused`. */
  permit(order: Order, signal: AbortSignal): Promise<void> | undefined {
    const what = classify(order);
    if (what === undefined) return undefined;
    const policy = this.permissions.policy(what.command, what.kind);
    if (policy === "allow") return undefined;
    const key = order.by?.split(".")[0] ?? "";
    const wish: Wish = { ...what, caller: order.caller, key, args: order.args };
    if (policy === "refuse") return Promise.reject(refused(wish, "policy"));
    if (this.recalled(wish)) return undefined;
    const question = this.asking.then(() => this.question(wish, signal));
    this.asking = question.catch(() => undefined);
    return question;
  }

  private async question(wish: Wish, signal: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    if (this.recalled(wish)) return;
    if (this.unattended()) {
      if (this.permissions.stored.unattended === "allow") return;
      throw refused(wish, "unattended");
    }
    const { answer, remember } = await this.ask(wish, this.permissions.stored.seconds, signal);
    throwIfCancelled(signal);
    if (answer === "timeout") throw refused(wish, "timeout");
    const { caller, key, command, kind } = wish;
    if (remember !== "no" && caller !== undefined) {
      const what = remember === "command" ? command : `*${kind}`;
      this.permissions.remember({ caller, key, what, answer, time: this.now().toISOString() });
    }
    if (answer === "refuse") throw refused(wish, "person");
  }

  /** True: allowed before. Throws where it was refused before. */
  private recalled(wish: Wish): boolean {
    const { caller, key, command, kind } = wish;
    const before = caller === undefined ? undefined : this.permissions.recall({ caller, key }, command, kind);
    if (before?.answer === "refuse") throw refused(wish, "remembered");
    return before !== undefined;
  }
}

type By = "policy" | "person" | "remembered" | "timeout" | "unattended";

const REASONS: Readonly<Record<By, string>> = {
  policy: "This SillyTavern refuses that to every program (Tavernlink, Permissions).",
  person: "The person at SillyTavern said no.",
  remembered: "The person at SillyTavern said no to that before, for good (Tavernlink, Permissions).",
  timeout: "The person at SillyTavern was asked and did not answer in time.",
  unattended: "SillyTavern would have to ask the person, and nobody sits at this tab.",
};

function refused({ command }: Wish, by: By): HostError {
  return new HostError("refused", REASONS[by], { command, by });
}
