/** `generate` with mode `detached`: SillyTavern's real prompt around a history of its own, beside the open chat. */

import { errorInfo, HostError } from "../host/failure.js";
import { type PromptMessage } from "../host/history.js";
import { type Host } from "../host/host.js";
import { cleanUpFor, ReplyStream } from "../host/reply.js";
import { list, only, optionalText, record, type Arguments } from "./arguments.js";
import { type CommandCall, type GenerationResult, type OpenStream } from "./call.js";
import { readAnswer, schemaOf, withSchema } from "./structured.js";

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
  const stream = call.openStream({ kind: "detached", character: built.character });
  const reply = new ReplyStream(
    stream,
    schema === undefined ? cleanUpFor(built.character, host.script) : (text) => text,
  );
  let raw = "";
  try {
    const spoken = await host.line.speak(
      built,
      call.signal,
      (text, reasoning) => {
        raw = text;
        reply.progress(text, reasoning);
      },
      (piece) => {
        stream.toolCall(piece);
      },
    );
    const result: GenerationResult = {
      text: reply.finish(spoken.text),
      reason: spoken.finish,
      character: built.character,
      ...(spoken.reasoning === "" ? {} : { reasoning: spoken.reasoning }),
      ...(spoken.usage === null ? {} : { usage: spoken.usage }),
      ...(spoken.calls.length === 0 ? {} : { tool_calls: spoken.calls }),
      ...(schema === undefined ? {} : { data: readAnswer(spoken.text) }),
    };
    if (result.text === "" && result.reason === "stop") {
      throw new HostError("empty_reply", "The model answered with nothing.");
    }
    stream.end(result);
    return result;
  } catch (thrown) {
    endWithError(stream, thrown, reply.finish(raw));
    throw thrown;
  }
}

export function endWithError(stream: OpenStream, thrown: unknown, text: string): void {
  const error = errorInfo(thrown, "generation_failed");
  if (error.code === "cancelled") stream.end({ text, reason: "cancelled" });
  else stream.end({ text, reason: "error", error });
}

export function readMessages(args: Arguments): PromptMessage[] {
  const messages = list(args, "messages") as unknown as PromptMessage[];
  const prompt = optionalText(args, "prompt");
  const all = prompt === undefined ? messages : [...messages, { role: "user", content: prompt }];
  if (all.length === 0) throw new HostError("invalid_message", "There are no messages to answer.");
  return all;
}
