/** `generate`: a text in one of SillyTavern's ways. The ways that leave the open chat alone are in detached.ts, raw.ts. */

import { context } from "../host/context.js";
import { HostError } from "../host/failure.js";
import { type Host } from "../host/host.js";
import { type VisibleMode } from "../host/modes.js";
import { runVisible } from "../host/visible.js";
import { asArguments, only, optionalText, type Arguments } from "./arguments.js";
import { type CommandCall, type GenerationResult, type Lane } from "./call.js";
import { generateDetached } from "./detached.js";
import { endWithError } from "./spoken.js";
import { generateRaw } from "./raw.js";
import { asides, speaker } from "./speaker.js";
import { quietSchema, readAnswer, schemaOf } from "./structured.js";
import { checkBackend, generateVisible, prepare } from "./visible.js";

const VISIBLE: readonly string[] = ["reply", "regenerate", "swipe", "continue", "impersonate"];

export function generateLane(args: unknown): Lane {
  const mode = asArguments(args)["mode"];
  return mode === "detached" || mode === "raw" ? "detached" : "visible";
}

export async function generate(host: Host, args: Arguments, call: CommandCall): Promise<GenerationResult> {
  const mode = optionalText(args, "mode") ?? "reply";
  if (mode === "detached") return generateDetached(host, args, call);
  if (mode === "raw") return generateRaw(host, args, call);
  if (mode === "quiet") return generateQuiet(host, args, call);
  if (!VISIBLE.includes(mode)) {
    throw new HostError("invalid_message", `There is no mode “${mode}”.`, { argument: "mode" });
  }
  only(args, ["mode", "as", "context"]);
  const who = speaker(args);
  const turn = { speakers: who === undefined ? [] : [who], asides: asides(args) };
  await prepare(host, call.signal);
  checkBackend();
  return generateVisible(host, mode as VisibleMode, call, { turn });
}

/** A prompt with the open chat as its context; neither is changed. SillyTavern never streams these. */
async function generateQuiet(host: Host, args: Arguments, call: CommandCall): Promise<GenerationResult> {
  only(args, ["mode", "prompt", "json_schema"]);
  const schema = schemaOf(args);
  const prompt = optionalText(args, "prompt");
  if (prompt === undefined || prompt === "")
    throw new HostError("invalid_message", "There is no prompt to answer.");
  await prepare(host, call.signal);
  checkBackend();
  if (schema !== undefined && context().mainApi !== "openai") {
    throw new HostError(
      "unsupported_backend",
      "SillyTavern asks for JSON of a schema with chat completion only. Use the mode “raw”.",
      { main_api: context().mainApi },
    );
  }
  const stream = call.openStream({ kind: "quiet" });
  let text = "";
  try {
    const outcome = await runVisible(
      { gate: host.gate, script: host.script, signal: call.signal, decoy: false, pressSend: true },
      async () => {
        const options = schema === undefined ? {} : { jsonSchema: quietSchema(schema) };
        text = (await context().generateQuietPrompt({ quietPrompt: prompt, ...options })) ?? "";
        return text === "" ? undefined : text;
      },
    );
    if (text === "") {
      const code = schema === undefined ? "empty_reply" : "invalid_output";
      throw new HostError(code, "The model answered with nothing.");
    }
    const read = schema === undefined ? {} : { data: readAnswer(text) };
    stream.delta(text);
    const result: GenerationResult = {
      text,
      reason: outcome.finish ?? "stop",
      ...(outcome.usage === null ? {} : { usage: outcome.usage }),
      ...read,
    };
    stream.end(result);
    return result;
  } catch (thrown) {
    endWithError(stream, thrown, text);
    throw thrown;
  }
}
