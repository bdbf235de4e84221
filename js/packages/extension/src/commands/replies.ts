/** `reply.…`: the ways of `generate` that go on with the open chat, by names of their own. */

import { type Host } from "../host/host.js";
import { type VisibleMode } from "../host/modes.js";
import { type Arguments } from "./arguments.js";
import { type CommandCall, type GenerationResult } from "./call.js";
import { generate } from "./generate.js";
import type { Noun } from "./noun.js";
import { stop } from "./state.js";

type Run = (host: Host, args: Arguments, call: CommandCall) => Promise<GenerationResult>;

function as(mode: VisibleMode): Run {
  return (host, args, call) => generate(host, { ...args, mode }, call);
}

export const replies = {
  "reply.generate": { lane: "visible", run: as("reply") },
  "reply.continue": { lane: "visible", run: as("continue") },
  "reply.regenerate": { lane: "visible", run: as("regenerate") },
  "reply.impersonate": { lane: "visible", run: as("impersonate") },
  "reply.stop": { lane: "immediate", run: (host) => stop(host) },
} satisfies Noun;
