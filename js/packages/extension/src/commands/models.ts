/** `model.*`: the model that SillyTavern talks to. */

import type { ModelState } from "@tavernlink/client";

import { readModel, selectModel } from "../host/models.js";
import { alone } from "./alone.js";
import { text } from "./arguments.js";
import type { Noun } from "./noun.js";

export const models = {
  "model.list": { lane: "immediate", run: (): Promise<ModelState> => readModel() },
  "model.select": {
    lane: "visible",
    run: (host, args, call) =>
      alone(host, call, async () => {
        await selectModel(text(args, "model"));
        return readModel();
      }),
  },
} satisfies Noun;
