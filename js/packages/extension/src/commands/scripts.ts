/** `script.*`: STscript through the list that the person allows; the caller and the hub can only narrow it. */

import type { ScriptCommand } from "@tavernlink/client";

import { context } from "../host/context.js";
import { listScriptCommands, runScript } from "../host/scripts.js";
import { Permissions } from "../permissions/stored.js";
import { readList, ScriptRules } from "../scripts/rules.js";
import { optionalFlag, optionalTexts, text, textRecord, type Arguments } from "./arguments.js";
import type { Noun } from "./noun.js";
import { prepare } from "./visible.js";

const permissions = new Permissions({
  all: () => context().extensionSettings,
  save: () => {
    context().saveSettingsDebounced();
  },
});

function rules(args: Arguments): ScriptRules {
  const { mode, list } = permissions.stored.scripts;
  const narrow = [optionalTexts(args, "allow"), optionalTexts(args, "hub_allow")];
  return new ScriptRules(
    { mode, list: readList(list) },
    narrow.filter((names) => names !== undefined),
  );
}

async function list(args: Arguments): Promise<ScriptCommand[]> {
  const wanted = optionalFlag(args, "allowed");
  const known = await listScriptCommands(rules(args));
  return known.filter(({ allowed }) => wanted === undefined || allowed === wanted);
}

export const scripts = {
  "script.run": {
    lane: "visible",
    run: async (host, args, { signal }) => {
      const allowed = rules(args);
      allowed.checkOn();
      await prepare(host, signal);
      return runScript(text(args, "text"), allowed, signal, textRecord(args, "args"));
    },
  },
  "script.commands": { lane: "immediate", run: (_host, args) => list(args) },
} satisfies Noun;
