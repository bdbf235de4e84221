/** The model that is selected for the connected interface. */

import { context } from "./context.js";
import { HostError } from "./failure.js";
import { saveSettings } from "./library/server.js";
import { callSlash, slashChoices } from "./slash_calls.js";

export interface ModelFacts {
  api: string;
  source: string;
  model: string | null;
  online: boolean;
  models: string[];
}

export async function readModel(): Promise<ModelFacts> {
  const host = context();
  const chat = host.mainApi === "openai";
  const settings = chat ? host.chatCompletionSettings : host.textCompletionSettings;
  const source = chat ? settings["chat_completion_source"] : settings["type"];
  const named = chat ? (host.getChatCompletionModel?.() ?? "") : "";
  const model = named === "" ? await callSlash("model", "", { quiet: "true" }) : named;
  return {
    api: host.mainApi,
    source: typeof source === "string" ? source : "",
    model: model === "" ? null : model,
    online: host.onlineStatus !== "no_connection",
    models: [...new Set(await slashChoices("model"))],
  };
}

/** SillyTavern itself takes the nearest name; here it must be one that is offered, where any are. */
export async function selectModel(model: string): Promise<void> {
  const offered = await slashChoices("model");
  const { mainApi, chatCompletionSettings } = context();
  const free = mainApi === "openai" && chatCompletionSettings["chat_completion_source"] === "custom";
  if (!free && offered.length > 0 && !offered.includes(model))
    throw new HostError("unknown_item", `“${model}” is none of the models that SillyTavern offers.`, {
      model,
    });
  const chosen = await callSlash("model", model, { quiet: "true" });
  if (chosen !== model)
    throw new HostError("unsupported_backend", "SillyTavern cannot select a model of this interface.");
  await saveSettings();
}
