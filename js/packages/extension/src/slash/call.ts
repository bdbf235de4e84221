/** `/tavernlink-call name=… {…}`: any function that the hub lets this SillyTavern call, from a script or by hand. */

import { addSlashCommand } from "../host/slash.js";
import type { Calls } from "../functions/calls.js";
import type { Texts } from "../panel/texts.js";

export function addCallCommand(calls: Pick<Calls, "call">, texts: Texts): boolean {
  return addSlashCommand({
    name: "tavernlink-call",
    help: texts.say("slash.call"),
    returns: texts.say("slash.call.returns"),
    named: [
      { name: "name", about: texts.say("slash.call.name"), required: true },
      { name: "provider", about: texts.say("slash.call.provider") },
      { name: "timeout", about: texts.say("slash.call.timeout") },
    ],
    unnamed: texts.say("slash.call.args"),
    run: async ({ name, provider, timeout }, value) => {
      if (name === undefined || name === "") throw new Error("/tavernlink-call needs name=… of a function.");
      const result = await calls.call(name, readArguments(value), {
        ...(provider === undefined ? {} : { provider }),
        ...(timeout === undefined ? {} : { timeout: readSeconds(timeout) }),
      });
      return typeof result === "string" ? result : JSON.stringify(result ?? null);
    },
  });
}

function readArguments(value: string): Record<string, unknown> {
  if (value.trim() === "" || value.trim() === '""') return {};
  let args: unknown;
  try {
    args = JSON.parse(value);
  } catch {
    throw new Error(`The arguments of /tavernlink-call are no JSON: ${value.slice(0, 100)}`);
  }
  if (typeof args !== "object" || args === null || Array.isArray(args))
    throw new Error("The arguments of /tavernlink-call must be a JSON object.");
  return args as Record<string, unknown>;
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) throw new Error(`timeout=${text} is no number of seconds.`);
  return seconds;
}
