/** `sampler.*`: what SillyTavern's sliders say. */

import type { SamplerState } from "@tavernlink/client";

import { context } from "../host/context.js";
import { alone } from "./alone.js";
import { changeSamplers, readSamplers } from "../host/samplers.js";
import { record } from "./arguments.js";
import type { Noun } from "./noun.js";

function state(): SamplerState {
  return { api: context().mainApi, values: readSamplers() };
}

export const samplers = {
  "sampler.get": { lane: "immediate", run: () => Promise.resolve(state()) },
  "sampler.set": {
    lane: "visible",
    run: (host, args, call) =>
      alone(host, call, async () => {
        await changeSamplers(record(args, "values"));
        return state();
      }),
  },
} satisfies Noun;
