/**
 * SillyTavern's “Squash system messages”, which it leaves out of dry runs: neighbouring system messages become one,
 * empty ones go. The separators “[Start a new Chat]” and the like stay apart; in a finished prompt only their text tells
 * them, so that is compared. Pure.
 */

export interface PromptEntry {
  role: string;
  content?: unknown;
  name?: string;
  [key: string]: unknown;
}

export function squashSystemMessages(
  prompt: readonly PromptEntry[],
  separators: readonly string[],
): PromptEntry[] {
  const squashed: PromptEntry[] = [];
  for (const entry of prompt) {
    if (entry.role === "system" && (entry.content === "" || entry.content === undefined)) continue;
    const last = squashed.at(-1);
    if (last !== undefined && joins(last, separators) && joins(entry, separators)) {
      squashed[squashed.length - 1] = {
        ...last,
        content: `${String(last.content)}\n${String(entry.content)}`,
      };
    } else {
      squashed.push(entry);
    }
  }
  return squashed;
}

function joins(entry: PromptEntry, separators: readonly string[]): boolean {
  return (
    entry.role === "system" &&
    entry.name === undefined &&
    typeof entry.content === "string" &&
    !separators.includes(entry.content)
  );
}
