/**
 * The body of the request that goes to SillyTavern's server, from the prompt that a dry run built: every setting that
 * the page has now, as SillyTavern itself would send it, with this request's own parameters over them.
 */

import { context } from "./context.js";
import { HostError } from "./failure.js";
import { restoreDeep, type PromptMessage } from "./history.js";
import {
  applyParameters,
  applyTextParameters,
  presetOverrides,
  type Body,
  type Parameters,
} from "./parameters.js";
import { applyTools, checkTools } from "./tools.js";
import { type Rounds } from "./rounds.js";
import { squashSystemMessages, type PromptEntry } from "./squash.js";

export interface BuildOrder {
  messages: readonly PromptMessage[];
  character?: string | undefined;
  parameters: Parameters;
  stream: boolean;
  /** Looks at what SillyTavern built, before anything else is. */
  inspector?: Inspector;
}

/** Sees a prompt while it is built. */
export interface Inspector {
  /** Text completion: the parts, before they are put together. */
  receiveParts(parts: Body): void;
  /** What GENERATE_AFTER_DATA told. */
  receiveBuilt(data: Body): Promise<void>;
}

export interface BuiltRequest {
  api: "openai" | "textgenerationwebui";
  /** The body for SillyTavern's `/generate` end point, complete. */
  body: Body;
  character: string;
  user: string;
}

/** The service adds `use_sysprompt` for every source; SillyTavern itself sends it to these. */
const SYSPROMPT_SOURCES: readonly string[] = ["claude", "makersuite", "vertexai"];

/** The body of SillyTavern's chat completion request, with every setting that the page has now. */
export async function chatBody(
  data: Body,
  order: BuildOrder,
  { squash = true, rounds }: { squash?: boolean; rounds?: Rounds } = {},
): Promise<Body> {
  const host = context();
  const settings = host.chatCompletionSettings;
  const service = host.ChatCompletionService;
  if (service === undefined || !Array.isArray(data["prompt"])) {
    throw new HostError(
      "detached_unsupported",
      "This version of SillyTavern offers no chat completion service.",
    );
  }
  let messages = restoreDeep(data["prompt"]) as PromptEntry[];
  if (rounds !== undefined)
    messages = rounds.unfold(messages, textSetting(settings, "chat_completion_source"));
  checkImages(order, messages);
  if (squash && settings["squash_system_messages"] === true) {
    const separators = ["new_chat_prompt", "new_group_chat_prompt", "group_nudge_prompt"].map((key) =>
      host.substituteParams(textSetting(settings, key)),
    );
    messages = squashSystemMessages(messages, separators);
  }
  const model = host.getChatCompletionModel?.();
  // A preset without these two would lose the token bias: SillyTavern takes both or none.
  const preset = {
    bias_presets: settings["bias_presets"],
    bias_preset_selected: settings["bias_preset_selected"],
    ...presetOverrides(order.parameters),
  };
  const body = await service.presetToGeneratePayload(preset, {}, { model, messages });
  // These two differ for “quiet”, the type that the service builds for.
  const prefill = textSetting(settings, "assistant_prefill");
  if (body["chat_completion_source"] === "claude" && prefill !== "") {
    body["assistant_prefill"] = host.substituteParams(prefill);
  }
  if (!SYSPROMPT_SOURCES.includes(String(body["chat_completion_source"])))
    Reflect.deleteProperty(body, "use_sysprompt");
  body["type"] = "normal";
  body["stream"] = order.stream;
  checkTools(order.parameters);
  const complete = applyTools(applyParameters(body, order.parameters), order.parameters);
  const ready = host.eventTypes["CHAT_COMPLETION_SETTINGS_READY"];
  if (ready !== undefined) await host.eventSource.emit(ready, complete);
  return complete;
}

function textSetting(settings: Record<string, unknown>, key: string): string {
  const value = settings[key];
  return typeof value === "string" ? value : "";
}

function checkImages(order: BuildOrder, messages: readonly PromptEntry[]): void {
  const sent = order.messages.some(
    ({ content }) => Array.isArray(content) && content.some(({ type }) => type === "image_url"),
  );
  const arrived = messages.some(
    ({ content }) =>
      Array.isArray(content) && content.some((part: { type?: unknown }) => part.type === "image_url"),
  );
  if (sent && !arrived) {
    throw new HostError(
      "unsupported_parameter",
      "Images cannot be honoured: turn on “Send inline media” in SillyTavern and use a model that sees.",
      { parameter: "messages.content.image_url" },
    );
  }
}

export function textBody(data: Body, order: BuildOrder): Body {
  const body = restoreDeep(data) as Body;
  if (
    order.messages.some(
      ({ content }) => Array.isArray(content) && content.some(({ type }) => type === "image_url"),
    )
  ) {
    throw new HostError("unsupported_parameter", "Images cannot be honoured by a text completion back end.", {
      parameter: "messages.content.image_url",
    });
  }
  return applyTextParameters({ ...body, stream: order.stream }, order.parameters);
}
