/** `variable.*`: variables of STscript. */

import type { Done, Variable, VariableScope } from "@tavernlink/client";

import { HostError } from "../host/failure.js";
import type { Host } from "../host/host.js";
import { alone } from "./alone.js";
import {
  deleteVariable,
  getVariable,
  incrementVariable,
  listVariables,
  setVariable,
} from "../host/variables.js";
import { choice, text, type Arguments } from "./arguments.js";
import type { CommandCall } from "./call.js";
import type { Noun } from "./noun.js";

function scopeOf(args: Arguments): VariableScope {
  return choice(args, "scope", ["chat", "global"], "chat");
}

function list(args: Arguments): Variable[] {
  const scope = scopeOf(args);
  return listVariables(scope).map(([name, value]) => ({ name, scope, value }));
}

function get(args: Arguments): Variable {
  const scope = scopeOf(args);
  const name = text(args, "name");
  return { name, scope, value: getVariable(scope, name) };
}

function increment(args: Arguments): Promise<unknown> {
  const by = args["by"] ?? 1;
  if (typeof by !== "number" || !Number.isFinite(by))
    throw new HostError("invalid_message", "The command's argument “by” must be a number.", {
      argument: "by",
    });
  return incrementVariable(scopeOf(args), text(args, "name"), by);
}

function changing(change: (args: Arguments) => Promise<unknown>) {
  return (host: Host, args: Arguments, call: CommandCall): Promise<Variable> =>
    alone(host, call, async () => ({
      name: text(args, "name"),
      scope: scopeOf(args),
      value: await change(args),
    }));
}

async function remove(args: Arguments): Promise<Done> {
  await deleteVariable(scopeOf(args), text(args, "name"));
  return {};
}

export const variables = {
  "variable.list": { lane: "immediate", run: async (_host, args) => Promise.resolve(list(args)) },
  "variable.get": { lane: "immediate", run: async (_host, args) => Promise.resolve(get(args)) },
  "variable.set": {
    lane: "visible",
    run: changing((args) => setVariable(scopeOf(args), text(args, "name"), args["value"])),
  },
  "variable.increment": { lane: "visible", run: changing(increment) },
  "variable.delete": {
    lane: "visible",
    run: (host, args, call) => alone(host, call, () => remove(args)),
  },
} satisfies Noun;
