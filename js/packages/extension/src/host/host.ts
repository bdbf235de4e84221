/**
 * Everything that the commands need of the page, made once per page after SillyTavern is ready.
 *
 * host/ is the only part of the extension that names SillyTavern, its globals and its element ids.
 */

import { PromptBuilder } from "./build.js";
import { openCarriers } from "./carriers.js";
import { context } from "./context.js";
import { Gate } from "./gate.js";
import { ModelLine } from "./model.js";
import { recoverPersona } from "./persona.js";
import { loadRegex, type Regex } from "./regex.js";
import { loadScriptModule, type ScriptModule } from "./script_module.js";
import { watchSaves } from "./saves.js";
import { serverId } from "./server.js";

export interface Features {
  /** Detached generation works in this SillyTavern. */
  detached: boolean;
  /** How a build's history is slipped in; "none": not at all. */
  swap: "filter" | "array" | "none";
  /** A character that is not open can speak in a detached generation. */
  otherCharacter: boolean;
}

export interface Host {
  readonly gate: Gate;
  readonly script: ScriptModule;
  readonly builder: PromptBuilder;
  readonly line: ModelLine;
  readonly regex: Regex;
  readonly features: Features;
  /** Id of the SillyTavern behind this page. */
  readonly server: string | undefined;
  dispose(): void;
}

export async function openHost(): Promise<Host> {
  const script = await loadScriptModule();
  recoverPersona(script);
  const unwatch = watchSaves();
  const gate = new Gate();
  const builder = new PromptBuilder(gate, script);
  const line = new ModelLine(await openCarriers());
  const server = await serverId();
  return {
    gate,
    script,
    builder,
    line,
    regex: await loadRegex(),
    server,
    get features(): Features {
      const { ChatCompletionService, TextCompletionService, mainApi } = context();
      const service = mainApi === "openai" ? ChatCompletionService : TextCompletionService;
      return {
        detached: builder.method !== null && service !== undefined,
        swap: builder.method ?? "none",
        otherCharacter: script.setCharacterName !== undefined,
      };
    },
    dispose: () => {
      unwatch();
      gate.dispose();
    },
  };
}
