/** What went wrong since the page was opened: the newest is shown until it is closed, the last ones are listed. */

import { TavernlinkError } from "@tavernlink/client";

export interface Problem {
  id: number;
  at: Date;
  code: string;
  message: string;
}

const LISTED = 20;

/** The code and the words of whatever was thrown; `page` where it is no error of the hub's but a fault of this page. */
export function toldBy(thrown: unknown): { code: string; message: string } {
  const code = thrown instanceof TavernlinkError ? thrown.code : "page";
  return { code, message: thrown instanceof Error ? thrown.message : String(thrown) };
}

export class Problems {
  list = $state<Problem[]>([]);
  shown = $state<Problem | null>(null);
  private count = 0;

  /** Takes whatever was thrown; usable as a `catch` handler. */
  readonly take = (thrown: unknown): void => {
    this.count += 1;
    const problem = { id: this.count, at: new Date(), ...toldBy(thrown) };
    this.list = [problem, ...this.list].slice(0, LISTED);
    this.shown = problem;
  };

  close(): void {
    this.shown = null;
  }
}
