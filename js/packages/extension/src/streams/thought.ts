/**
 * Tells reasoning from reply where the model writes both in one text: `<think>…</think>reply` (SillyTavern's
 * "auto-parse", which takes the first part out of the message only when it is drawn, after the token event).
 */

export interface ThoughtMarks {
  prefix: string;
  suffix: string;
}

export interface Parts {
  text: string;
  reasoning: string;
}

export class ThoughtSplitter {
  private phase: "undecided" | "thinking" | "told" | "none" = "undecided";
  private searched = 0;
  private begin = 0;
  private reasoning = "";

  constructor(
    private readonly marks: ThoughtMarks,
    /** SillyTavern trims both parts where the person has "trim spaces" on. */
    private readonly trim: boolean,
  ) {}

  /** Split the cumulative text so far. Work per call is in the new part alone. */
  split(text: string): Parts {
    const { prefix, suffix } = this.marks;
    if (this.phase === "undecided") {
      if (text.startsWith(prefix)) {
        this.phase = "thinking";
        this.searched = prefix.length;
      } else if (prefix.startsWith(text)) {
        return { text: "", reasoning: "" };
      } else {
        this.phase = "none";
      }
    }
    if (this.phase === "none") return { text, reasoning: "" };
    if (this.phase === "thinking") {
      const end = text.indexOf(suffix, this.searched);
      if (end < 0) {
        this.searched = Math.max(prefix.length, text.length - suffix.length);
        const open = text.slice(prefix.length, text.length - partialSuffix(text, suffix, prefix.length));
        return { text: "", reasoning: this.trim ? open.trim() : open };
      }
      const thought = text.slice(prefix.length, end);
      this.reasoning = this.trim ? thought.trim() : thought;
      this.begin = end + suffix.length;
      this.phase = "told";
    }
    const told = text.slice(this.begin);
    return { text: this.trim ? told.trimStart() : told, reasoning: this.reasoning };
  }
}

/** How many characters at the end may be the beginning of the suffix. */
function partialSuffix(text: string, suffix: string, from: number): number {
  for (let length = Math.min(suffix.length - 1, text.length - from); length > 0; length -= 1) {
    if (text.endsWith(suffix.slice(0, length))) return length;
  }
  return 0;
}
