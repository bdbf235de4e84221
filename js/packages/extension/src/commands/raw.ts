/** `generate` with mode `raw`: just what is given goes to the model, with SillyTavern's connection and samplers. */

import { type Host } from "../host/host.js";
import { only, record, type Arguments } from "./arguments.js";
import { type CommandCall, type GenerationResult } from "./call.js";
import { readMessages } from "./detached.js";
import { speak } from "./spoken.js";
import { schemaOf, withSchema } from "./structured.js";

export async function generateRaw(host: Host, args: Arguments, call: CommandCall): Promise<GenerationResult> {
  only(args, ["mode", "messages", "prompt", "params", "stream", "json_schema"]);
  const schema = schemaOf(args);
  const built = await host.builder.buildRaw(
    {
      messages: readMessages(args),
      parameters: withSchema(record(args, "params"), schema),
      stream: schema === undefined && args["stream"] !== false,
    },
    call.signal,
  );
  return speak(host, built, call, {
    kind: "raw",
    cleanUp: (text) => text,
    structured: schema !== undefined,
    mustSpeak: false,
  });
}
