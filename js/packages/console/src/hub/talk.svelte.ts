/** What is said in a room while its page is open. */

import { TavernlinkError, type Hub, type RoomMessage } from "@tavernlink/client";

const KEPT = 200;

/** One line of the talk. */
export interface Line {
  id: string;
  name: string;
  text: string;
  time: number;
  /** A character's. */
  character: boolean;
  /** It waits for the turn. */
  held: boolean;
  own: boolean;
  /** The hub did not take it, and why. */
  failed?: TavernlinkError;
}

type Heard = Pick<RoomMessage, "message_id" | "name" | "text" | "time" | "role" | "held" | "kind" | "member">;

/** The lines with what was heard: a continued reply grows, another version takes the place of the last one. */
export function heard(lines: readonly Line[], message: Heard): Line[] {
  const line: Line = {
    id: message.message_id,
    name: message.name,
    text: message.text,
    time: message.time,
    character: message.role === "assistant",
    held: message.held ?? false,
    own: false,
  };
  const at = lines.findLastIndex((each) => each.character && each.name === message.name);
  const last = lines[at];
  if (last !== undefined && message.kind === "continue")
    return lines.with(at, { ...last, text: last.text + message.text });
  if (last !== undefined && (message.kind === "swipe" || message.kind === "regenerate"))
    return lines.with(at, line);
  const found = lines.findIndex(({ id }) => id === line.id);
  return found >= 0 ? lines.with(found, line) : [...lines, line].slice(-KEPT);
}

export class Talk {
  lines = $state.raw<readonly Line[]>([]);
  private said = 0;
  private readonly off: () => void;

  constructor(
    private readonly hub: Hub,
    private readonly room: string,
  ) {
    this.off = hub.on("room.message", (message) => {
      if (message.room === room) this.lines = heard(this.lines, message);
    });
  }

  /** Say something; what the hub does not take stays, with the reason. */
  async say(name: string, text: string): Promise<void> {
    const id = `own-${++this.said}`;
    const line = { id, name, text, time: Date.now() / 1_000, character: false, held: false, own: true };
    this.lines = [...this.lines, line].slice(-KEPT);
    try {
      await this.hub.generation("chat.send", { room: this.room, text }).result;
    } catch (error) {
      if (!(error instanceof TavernlinkError)) throw error;
      if (error.code === "cancelled") return;
      this.lines = this.lines.map((each) => (each.id === id ? { ...each, failed: error } : each));
    }
  }

  close(): void {
    this.off();
  }
}
