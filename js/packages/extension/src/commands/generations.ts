/** `generation.…`: the ways of `generate` that leave the open chat alone, by names of their own. */

import { type Host } from "../host/host.js";
import { type Arguments } from "./arguments.js";
import { type CommandCall, type GenerationResult } from "./call.js";
import { generate } from "./generate.js";
import type { Noun } from "./noun.js";

type Run = (host: Host, args: Arguments, call: CommandCall) => Promise<GenerationResult>;

function as(mode: "quiet" | "raw" | "detached"): Run {
  return (host, args, call) => generate(host, { ...args, mode }, call);
}

export const generations = {
  "generation.quiet": { lane: "visible", run: as("quiet") },
  "generation.raw": { lane: "detached", run: as("raw") },
  "generation.detached": { lane: "detached", run: as("detached") },
} satisfies Noun;
