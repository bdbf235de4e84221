/**
 * Every command that the hub can give a tavern: name, lane, handler. Those of the catalogue come from the files of their
 * nouns; beside them stand the hub's own.
 */

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
import { characters } from "./characters.js";
import { personas } from "./personas.js";
import { expressions } from "./expressions.js";
import { files } from "./files.js";
import { prompts } from "./prompts.js";
import { chats, checkpoints } from "./chats.js";
import { generate, generateLane } from "./generate.js";
import { generations } from "./generations.js";
import { groups } from "./groups.js";
import { edit, messages, remove } from "./messages.js";
import type { Noun } from "./noun.js";
import type { Profiles } from "../profiles/profiles.js";
import { apply, applyLane, publish, undo } from "./profiles.js";
import { send } from "./send.js";
import { refresh, sessionTurn } from "./session.js";
import { replies } from "./replies.js";
import { readContext, stop } from "./state.js";
import { swipes } from "./swipes.js";
import { presets } from "./presets.js";
import { models } from "./models.js";
import { samplers } from "./samplers.js";
import { connections } from "./connections.js";
import { worlds } from "./worlds.js";
import { notes } from "./notes.js";
import { variables } from "./variables.js";
import { regex } from "./regex.js";
import { quickReplies } from "./quick_replies.js";
import { scripts } from "./scripts.js";

/** The catalogue's commands: one line for each noun. */
export const NOUNS: readonly Noun[] = [
  messages,
  swipes,
  replies,
  characters,
  personas,
  expressions,
  files,
  prompts,
  generations,
  presets,
  models,
  samplers,
  connections,
  worlds,
  notes,
  variables,
  regex,
  quickReplies,
  scripts,
  chats,
  checkpoints,
  groups,
];

/** What the hub is told that this page can do. */
export function commandNames(): string[] {
  return NOUNS.flatMap((noun) => Object.keys(noun));
}

export function commandTable(host: Host, profiles: Profiles): CommandTable {
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
    // What `message.edit` and `message.delete` are to hubs that do not know them yet.
    ["edit", entry("visible", edit)],
    ["delete", entry("visible", remove)],
    ["profile.publish", entry("detached", (_host, args) => publish(profiles, args))],
    [
      "profile.apply",
      {
        lane: applyLane,
        run: (args, call) =>
          entry(applyLane(args), (page, named, of) => apply(profiles, page, named, of)).run(args, call),
      },
    ],
    ["profile.undo", entry("visible", (page, args, call) => undo(profiles, page, args, call))],
    ["refresh", entry("immediate", refresh)],
    ["stop", entry("immediate", stop)],
    ["context", entry("immediate", (_host, args) => readContext(args))],
    ...NOUNS.flatMap((noun) =>
      Object.entries(noun).map(([name, { lane, run }]): [string, CommandEntry] => [name, entry(lane, run)]),
    ),
  ]);
}
