/**
 * A request's own `tools`, laid over the body: as SillyTavern itself would send tools to each source, and refused by
 * name where it would send none.
 */

import { context } from "./context.js";
import { appendYaml, refuse, type Body, type Parameters } from "./parameters.js";

type Offer = Body & { tools: Tool[]; tool_choice: unknown };

interface Tool {
  type?: unknown;
  function?: { name?: unknown };
}

/** These have no word for “this function and no other”: it is then the only one that they are offered. */
const ONE_BY_OFFER: readonly string[] = ["claude"];

function toolsOf(parameters: Parameters): Tool[] {
  const { tools } = parameters;
  if (tools === undefined || tools === null) return [];
  if (!Array.isArray(tools)) refuse("tools", "it must be a list.");
  for (const tool of tools as Tool[]) {
    if (tool.type !== "function" || typeof tool.function?.name !== "string")
      refuse("tools", "each must be a function with a name.");
  }
  return tools as Tool[];
}

/** Would SillyTavern give this connection tools at all? Whether the person wants any of their own does not matter. */
export function checkTools(parameters: Parameters): void {
  if (toolsOf(parameters).length === 0) return;
  const { chatCompletionSettings: settings, isToolCallingSupported: supported } = context();
  if (supported === undefined) return;
  const own = settings["function_calling"];
  // Synchronous, so nobody sees it. Later versions take settings as an argument, earlier ones read these.
  settings["function_calling"] = true;
  try {
    if (supported()) return;
  } finally {
    settings["function_calling"] = own;
  }
  const processing = settings["custom_prompt_post_processing"];
  const because =
    typeof processing === "string" && processing !== "" && !processing.endsWith("_tools")
      ? `its prompt post-processing “${processing}” takes tools out. Choose none, or one “with tools”.`
      : `it does not pass tools to “${String(settings["chat_completion_source"])}” with this model.`;
  refuse("tools", `in SillyTavern ${because}`);
}

/** Completes a chat completion body. */
export function applyTools(body: Body, parameters: Parameters): Body {
  const tools = toolsOf(parameters);
  if (tools.length === 0) return body;
  const source = String(body["chat_completion_source"]);
  const model = String(body["model"]);
  if (leavesOut(source, model)) refuse("tools", `SillyTavern does not send them to ${model}.`);
  if (source === "claude" && body["json_schema"] !== undefined)
    refuse(
      "response_format",
      "SillyTavern asks Claude for JSON by a tool of its own, so not together with tools.",
    );
  const result: Offer = { ...body, tools, tool_choice: "auto" };
  choose(result, parameters["tool_choice"] ?? "auto", source);
  if (parameters["parallel_tool_calls"] === false) {
    if (source !== "custom") refuse("parallel_tool_calls", `SillyTavern cannot tell ${source} so.`);
    result["custom_include_body"] = appendYaml(result["custom_include_body"], "parallel_tool_calls", "false");
  }
  return result;
}

function choose(body: Offer, choice: unknown, source: string): void {
  if (choice === "auto") return;
  const name = (choice as { function?: { name?: unknown } }).function?.name;
  const known =
    choice === "none" || choice === "required" || body.tools.some((tool) => tool.function?.name === name);
  if (!known) refuse("tool_choice", "it names no function of “tools”.");
  if (source === "cohere") {
    if (choice !== "none") refuse("tool_choice", "SillyTavern does not send it to Cohere.");
    Reflect.deleteProperty(body, "tools");
    Reflect.deleteProperty(body, "tool_choice");
  } else if (ONE_BY_OFFER.includes(source) && choice !== "none") {
    if (name !== undefined) body.tools = body.tools.filter((tool) => tool.function?.name === name);
    body.tool_choice = "any";
  } else body.tool_choice = choice;
}

/** Where SillyTavern takes tools out of the body again (openai.js; chat-completions.js for Google's). */
function leavesOut(source: string, model: string): boolean {
  if (["openai", "azure_openai", "openrouter"].includes(source) && /^(openai\/)?o1/.test(model)) return true;
  if (["openai", "azure_openai"].includes(source) && model.includes("gpt-5-chat-latest")) return true;
  return ["makersuite", "vertexai"].includes(source) && model.includes("gemma-3");
}
