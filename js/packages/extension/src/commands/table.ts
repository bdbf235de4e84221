/** Every command that the hub can give a tavern: name, lane, handler. */

import { unlessBlocked } from "../host/dialog.js";
import { type Host } from "../host/host.js";
import { asArguments, type Arguments } from "./arguments.js";
import {
  type CommandCall,
  type CommandChoice,
  type CommandEntry,
  type CommandTable,
  type Lane,
} from "./call.js";
import { generate, generateLane } from "./generate.js";
import { edit, remove } from "./messages.js";
import { send } from "./send.js";
import { sessionTurn } from "./session.js";
import { readContext, stop } from "./state.js";

export function commandTable(host: Host): CommandTable {
  const entry = (
    lane: Lane,
    run: (host: Host, args: Arguments, call: CommandCall) => Promise<unknown>,
  ): CommandEntry => ({
    lane,
    run: (args, call) => {
      const work = run(host, asArguments(args), call);
      return lane === "visible" ? unlessBlocked(work, () => stop(host)) : work;
    },
  });
  return new Map<string, CommandEntry | CommandChoice>([
    ["send", entry("visible", send)],
    // Detached ones go on behind a dialog: it stands in nobody's way.
    [
      "generate",
      { lane: generateLane, run: (args, call) => entry(generateLane(args), generate).run(args, call) },
    ],
    ["session.turn", entry("visible", sessionTurn)],
    ["edit", entry("visible", edit)],
    ["delete", entry("visible", remove)],
    ["stop", entry("immediate", stop)],
    ["context", entry("immediate", (_host, args) => readContext(args))],
  ]);
}
