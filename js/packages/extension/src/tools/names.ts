/**
 * Names of tools as models take them: letters, digits, `_` and `-`, 64 at most, none twice.
 *
 * A function keeps its tool's name for as long as it is there, whatever else comes and goes.
 */

import type { FunctionInfo } from "@tavernlink/client";

const LONGEST = 64;

export function cleanName(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_-]+/g, "_").replace(/^_+|_+$/g, "");
  return (clean === "" ? "tool" : clean).slice(0, LONGEST);
}

export class ToolNames {
  /** Address → name. */
  private readonly given = new Map<string, string>();

  /** `taken`: names that others have. */
  constructor(private readonly taken: () => ReadonlySet<string>) {}

  nameOf({ address, name, provider }: FunctionInfo): string {
    const before = this.given.get(address);
    if (before !== undefined) return before;
    const used = new Set([...this.taken(), ...this.given.values()]);
    const whole = cleanName(`${provider.name || provider.id}_${name}`);
    let free = [cleanName(name), whole].find((candidate) => !used.has(candidate));
    for (let number = 2; free === undefined; number += 1) {
      const numbered = `${whole.slice(0, LONGEST - 4)}_${number}`;
      if (!used.has(numbered)) free = numbered;
    }
    this.given.set(address, free);
    return free;
  }

  release(address: string): void {
    this.given.delete(address);
  }
}
