/**
 * One session with the hub as this side counts it; it outlives connections.
 *
 * Both sides count the events that they received, all but those in UNCOUNTED (docs/adr). Acks are no events.
 */

import { UNCOUNTED, type Limits, type Resume, type Welcome } from "./generated/protocol.js";

export const DEFAULT_LIMITS: Limits = {
  max_payload: 1_000_000,
  session_seconds: 60,
  confirm_every: 64,
  reconnect_min: 0.5,
  reconnect_max: 15,
};

export class Session {
  id: string | undefined;
  limits: Limits = DEFAULT_LIMITS;
  private received = 0;
  private confirmed = 0;
  private lostAt: number | undefined;

  constructor(private readonly now: () => number) {}

  /** Take over what the hub says. Returns true where the session of before goes on. */
  welcome(welcome: Welcome): boolean {
    const resumed = welcome.resumed && welcome.session === this.id;
    if (!resumed) {
      this.received = 0;
      this.confirmed = 0;
    }
    this.id = welcome.session;
    this.lostAt = undefined;
    this.limits = { ...DEFAULT_LIMITS, ...welcome.limits };
    return resumed;
  }

  /** Count one received event. Returns the number to confirm, where it is time to. */
  receive(type: string): number | undefined {
    if (UNCOUNTED.has(type)) return undefined;
    this.received += 1;
    if (this.received - this.confirmed < this.limits.confirm_every) return undefined;
    this.confirmed = this.received;
    return this.received;
  }

  lost(): void {
    this.lostAt ??= this.now();
  }

  /** True while the hub may still know this session. */
  get alive(): boolean {
    if (this.id === undefined) return false;
    return this.lostAt === undefined || this.now() - this.lostAt < this.limits.session_seconds * 1000;
  }

  resume(): Resume | undefined {
    if (!this.alive || this.id === undefined) return undefined;
    this.confirmed = this.received;
    return { session: this.id, count: this.received };
  }

  forget(): void {
    this.id = undefined;
    this.received = 0;
    this.confirmed = 0;
    this.lostAt = undefined;
  }
}
