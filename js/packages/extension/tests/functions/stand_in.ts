/** A line to a hub that answers as the test says. */

import type { ConnectionState, Outcome } from "@tavernlink/client";

export const ONLINE = { name: "online", welcome: { id: "t-1" } } as unknown as ConnectionState;
export const AWAY = {
  name: "waiting",
  code: "disconnected",
  message: "",
  seconds: 1,
} as unknown as ConnectionState;

export interface Asked {
  type: string;
  content: Record<string, unknown>;
  answer(outcome: Outcome): void;
}

export class StandInLine {
  state: ConnectionState = ONLINE;
  maxPayload = 10_000;
  readonly asked: Asked[] = [];
  readonly sent: { type: string; content: Record<string, unknown> }[] = [];
  private readonly listeners: ((state: ConnectionState) => void)[] = [];

  onState(listener: (state: ConnectionState) => void): void {
    this.listeners.push(listener);
  }

  enter(state: ConnectionState): void {
    this.state = state;
    for (const listener of this.listeners) listener(state);
  }

  ask = (type: string, content: unknown): Promise<Outcome> =>
    new Promise((answer) => {
      this.asked.push({ type, content: content as Record<string, unknown>, answer });
    });

  send = (type: string, content: unknown): boolean => {
    this.sent.push({ type, content: content as Record<string, unknown> });
    return true;
  };

  /** What was asked last. */
  last(type: string): Asked {
    const found = this.asked.findLast((each) => each.type === type);
    if (found === undefined) throw new Error(`Nobody asked ${type}.`);
    return found;
  }
}

/** Lets everything happen that needs no outside. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}
