/** Every command that the hub can give a tavern: name, lane, handler. */

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
  ): CommandEntry => ({ lane, run: (args, call) => run(host, asArguments(args), call) });
  return new Map<string, CommandEntry | CommandChoice>([
    ["send", entry("visible", send)],
    ["generate", { ...entry("visible", generate), lane: generateLane }],
    ["session.turn", entry("visible", sessionTurn)],
    ["edit", entry("visible", edit)],
    ["delete", entry("visible", remove)],
    ["stop", entry("immediate", stop)],
    ["context", entry("immediate", (_host, args) => readContext(args))],
  ]);
}
