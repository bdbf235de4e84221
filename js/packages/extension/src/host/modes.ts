/**
 * SillyTavern's own ways to generate into the open chat, each called so that it leaves the person's input alone.
 *
 * `depth: 1` tells `Generate` that it is a round inside a longer turn: it then neither runs slash commands from the
 * text box, nor sends its text or files. A group's wrapper drops the option, and impersonation writes into the box, so
 * these (and a version without the option) get a decoy box.
 */

import { isGroupOpen, removeFrom } from "./chat.js";
import { context, type STMessage } from "./context.js";
import { HostError } from "./failure.js";

export type VisibleMode = "reply" | "regenerate" | "swipe" | "continue" | "impersonate";

export interface ModeCall {
  start: () => Promise<unknown>;
  decoy: boolean;
  pressSend: boolean;
}

function knowsDepth(): boolean {
  return /\bdepth\b/.test(Function.prototype.toString.call(context().generate));
}

/** `speaker`: index of the group member who speaks, whoever's turn it were. */
export function modeCall(mode: VisibleMode, speaker?: number): ModeCall {
  const decoy = mode === "impersonate" || isGroupOpen() || !knowsDepth();
  const forced = speaker === undefined ? {} : { force_chid: speaker };
  const generate = (type: string) => () => context().generate(type, { depth: 1, ...forced });
  switch (mode) {
    case "reply":
      return { start: generate("normal"), decoy, pressSend: true };
    case "continue":
    case "impersonate":
      return { start: generate(mode), decoy, pressSend: true };
    case "regenerate":
      // Not with a depth: SillyTavern would leave the old reply standing.
      return { start: regenerate, decoy, pressSend: true };
    case "swipe":
      return { start: swipe, decoy, pressSend: false };
  }
}

async function regenerate(): Promise<unknown> {
  if (!isGroupOpen()) return context().generate("regenerate");
  // What SillyTavern's own button does for a group: the members' replies of the last round go, then a new round.
  const start = context().chat.length - lastRound().length;
  await removeFrom(start);
  return context().generate("normal");
}

/** The replies that a regeneration replaces, oldest first. */
export function lastRound(): STMessage[] {
  const { chat } = context();
  const last = chat.at(-1);
  if (last === undefined || last.is_user) return [];
  if (!isGroupOpen()) return [last];
  const round = last.extra?.["gen_id"];
  let start = chat.length - 1;
  while (start > 0 && round !== undefined && chat[start - 1]?.extra?.["gen_id"] === round) start -= 1;
  return chat.slice(start);
}

/** A new alternative of the last reply, whichever one is shown now. */
async function swipe(): Promise<unknown> {
  const host = context();
  const message = host.chat.at(-1);
  if (host.swipe === undefined) {
    throw new HostError("command_failed", "This version of SillyTavern lets no extension swipe.");
  }
  if (message === undefined || message.is_user || message.is_system) {
    throw new HostError("no_message", "Only a character's reply at the end of the chat can be swiped.");
  }
  const before = message.swipes?.length ?? 1;
  await host.swipe.to(null, "right", { message, forceSwipeId: before });
  const after = context().chat.at(-1);
  const made = (after?.swipes?.length ?? 0) > before && (after?.swipe_id ?? 0) >= before;
  // `undefined` is what a generation without a text returns.
  return made ? after?.mes : undefined;
}
