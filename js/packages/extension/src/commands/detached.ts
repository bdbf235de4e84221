/** `generate` with mode `detached`: SillyTavern's real prompt around a history of its own, beside the open chat. */

import { HostError } from "../host/failure.js";
import { type PromptMessage } from "../host/history.js";
import { type Host } from "../host/host.js";
import { cleanUpFor } from "../host/reply.js";
import { list, only, optionalText, record, type Arguments } from "./arguments.js";
import { type CommandCall, type GenerationResult } from "./call.js";
import { speak } from "./spoken.js";
import { schemaOf, withSchema } from "./structured.js";

const KNOWN = ["mode", "messages", "prompt", "character", "params", "stream", "json_schema"];

export async function generateDetached(
  host: Host,
  args: Arguments,
  call: CommandCall,
): Promise<GenerationResult> {
  only(args, KNOWN);
  const schema = schemaOf(args);
  const built = await host.builder.build(
    {
      messages: readMessages(args),
      character: optionalText(args, "character"),
      parameters: withSchema(record(args, "params"), schema),
      stream: schema === undefined && args["stream"] !== false,
    },
    call.signal,
  );
  return speak(host, built, call, {
    kind: "detached",
    character: built.character,
    cleanUp: schema === undefined ? cleanUpFor(built.character, host.script) : (text) => text,
    structured: schema !== undefined,
    mustSpeak: true,
  });
}

export function readMessages(args: Arguments): PromptMessage[] {
  const messages = list(args, "messages") as unknown as PromptMessage[];
  const prompt = optionalText(args, "prompt");
  const all = prompt === undefined ? messages : [...messages, { role: "user", content: prompt }];
  if (all.length === 0) throw new HostError("invalid_message", "There are no messages to answer.");
  return all;
}
