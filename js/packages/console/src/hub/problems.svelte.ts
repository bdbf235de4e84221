/** What went wrong since the page was opened: the newest is shown until it is closed, the last ones are listed. */

import { TavernlinkError } from "@tavernlink/client";

export interface Problem {
  id: number;
  at: Date;
  code: string;
  message: string;
}

const LISTED = 20;

export class Problems {
  list = $state<Problem[]>([]);
  shown = $state<Problem | null>(null);
  private count = 0;

  /** Takes whatever was thrown; usable as a `catch` handler. */
  readonly take = (thrown: unknown): void => {
    const code = thrown instanceof TavernlinkError ? thrown.code : "page";
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    this.count += 1;
    const problem = { id: this.count, at: new Date(), code, message };
    this.list = [problem, ...this.list].slice(0, LISTED);
    this.shown = problem;
  };

  close(): void {
    this.shown = null;
  }
}
