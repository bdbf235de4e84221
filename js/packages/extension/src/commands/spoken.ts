/** A built prompt spoken to the model: the reply streamed to the hub, and the command's result made of it. */

import { type BuiltRequest } from "../host/body.js";
import { errorInfo, HostError } from "../host/failure.js";
import { type Host } from "../host/host.js";
import { ReplyStream, type CleanUp } from "../host/reply.js";
import { type CommandCall, type GenerationResult, type OpenStream, type StreamKind } from "./call.js";
import { readAnswer } from "./structured.js";

export interface Manner {
  kind: StreamKind;
  character?: string;
  /** What SillyTavern would do to the text before it shows it. */
  cleanUp: CleanUp;
  /** The answer is to be JSON, and goes into `data`. */
  structured: boolean;
  /** A reply without a word is an error. */
  mustSpeak: boolean;
}

export async function speak(
  host: Host,
  built: BuiltRequest,
  call: CommandCall,
  manner: Manner,
): Promise<GenerationResult> {
  const character = manner.character === undefined ? {} : { character: manner.character };
  const stream = call.openStream({ kind: manner.kind, ...character });
  const reply = new ReplyStream(stream, manner.cleanUp);
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
      ...character,
      ...(spoken.reasoning === "" ? {} : { reasoning: spoken.reasoning }),
      ...(spoken.usage === null ? {} : { usage: spoken.usage }),
      ...(spoken.calls.length === 0 ? {} : { tool_calls: spoken.calls }),
      ...(manner.structured ? { data: readAnswer(spoken.text) } : {}),
    };
    if (manner.mustSpeak && result.text === "" && result.reason === "stop") {
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
