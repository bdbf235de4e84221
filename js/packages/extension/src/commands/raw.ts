/** `generate` with mode `raw`: just what is given goes to the model, with SillyTavern's connection and samplers. */

import { type Host } from "../host/host.js";
import { ReplyStream } from "../host/reply.js";
import { only, record, type Arguments } from "./arguments.js";
import { type CommandCall, type GenerationResult } from "./call.js";
import { endWithError, readMessages } from "./detached.js";
import { readAnswer, schemaOf, withSchema } from "./structured.js";

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
  const stream = call.openStream({ kind: "raw" });
  const reply = new ReplyStream(stream, (text) => text);
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
      ...(spoken.reasoning === "" ? {} : { reasoning: spoken.reasoning }),
      ...(spoken.usage === null ? {} : { usage: spoken.usage }),
      ...(spoken.calls.length === 0 ? {} : { tool_calls: spoken.calls }),
      ...(schema === undefined ? {} : { data: readAnswer(spoken.text) }),
    };
    stream.end(result);
    return result;
  } catch (thrown) {
    endWithError(stream, thrown, raw);
    throw thrown;
  }
}
