/** `/tavernlink-call name=… {…}`: any function that the hub lets this SillyTavern call, from a script or by hand. */

import { addSlashCommand } from "../host/slash.js";
import type { Calls } from "./calls.js";

export function addCallCommand(calls: Pick<Calls, "call">): boolean {
  return addSlashCommand({
    name: "tavernlink-call",
    help:
      "Calls a function through the Tavernlink hub and pipes its result (a text as it is, anything else as JSON)." +
      '<div>Example:</div><pre><code>/tavernlink-call name=roll {"sides": 20} | /echo</code></pre>',
    returns: "the function's result",
    named: [
      { name: "name", about: "name or address of the function", required: true },
      { name: "provider", about: "id or name of who has it, where the name alone does not say it" },
      { name: "timeout", about: "seconds to wait for the result" },
    ],
    unnamed: "the arguments, as a JSON object",
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
