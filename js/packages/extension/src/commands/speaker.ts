/** Who speaks in a turn, and what goes beside it: the arguments `as`, `before` and `context`. */

import { putAsides, type Aside } from "../host/asides.js";
import { HostError } from "../host/failure.js";
import { type Host } from "../host/host.js";
import { lendPersona, plainName, type Persona } from "../host/persona.js";
import { list, optionalText, type Arguments } from "./arguments.js";

/** What a generation is given for its length. */
export interface Turn {
  speakers: readonly Persona[];
  asides: readonly Aside[];
}

export const NOBODY: Turn = { speakers: [], asides: [] };

/** `as`: a name, or `{name, description?, avatar?}`; undefined: the person's own persona. */
export function speaker(args: Arguments): Persona | undefined {
  const value = args["as"];
  if (value === undefined || value === null || value === "") return undefined;
  const given = typeof value === "string" ? { name: value } : value;
  if (typeof given !== "object" || Array.isArray(given)) return unfit("as");
  const { name, description, avatar } = given as Record<string, unknown>;
  const called = typeof name === "string" ? plainName(name) : "";
  if (called === "") return unfit("as.name");
  return {
    name: called,
    ...(typeof description === "string" ? { description } : {}),
    ...(typeof avatar === "string" ? { avatar } : {}),
  };
}

/** `context`: texts for this turn's prompt. */
export function asides(args: Arguments): Aside[] {
  return list(args, "context").map((entry) => {
    const { depth, role } = entry;
    return {
      name: optionalText(entry, "name") ?? "",
      text: optionalText(entry, "text") ?? "",
      ...(typeof depth === "number" ? { depth } : {}),
      role: role === "user" || role === "assistant" ? role : "system",
    };
  });
}

/** Runs a visible generation as its speakers. No prompt is built beside it meanwhile, which would have their names. */
export async function spokenBy<T>(
  host: Host,
  { speakers, asides: texts }: Turn,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  if (speakers.length === 0 && texts.length === 0) return work();
  const release = await host.gate.reserve(signal);
  const endLoan = lendPersona(speakers, host.script);
  const takeOut = putAsides(texts, speakers.at(-1)?.name);
  try {
    return await work();
  } finally {
    takeOut();
    endLoan();
    release();
  }
}

function unfit(argument: string): never {
  throw new HostError("invalid_message", `The command's argument “${argument}” must name who speaks.`, {
    argument,
  });
}
