/** SillyTavern's list of tools, and whether it would give the model any. */

import { context, type STFunctionTool } from "./context.js";

export function registerTool(tool: STFunctionTool): void {
  context().registerFunctionTool?.(tool);
}

export function unregisterTool(name: string): void {
  context().unregisterFunctionTool?.(name);
}

interface OpenAITool {
  function?: { name?: unknown };
}

/** Of everybody's tools, ours too. */
export function toolNames(): ReadonlySet<string> {
  const tools = context().ToolManager?.tools ?? [];
  return new Set(
    tools.flatMap((tool) => {
      const name = (tool.toFunctionOpenAI() as OpenAITool).function?.name;
      return typeof name === "string" ? [name] : [];
    }),
  );
}

/** Does the model get tools now? `off`: the person has not turned function calling on. */
export function toolCalling(): "on" | "off" | "unsupported" {
  const { mainApi, chatCompletionSettings, isToolCallingSupported } = context();
  if (mainApi !== "openai" || isToolCallingSupported === undefined) return "unsupported";
  if (chatCompletionSettings["function_calling"] !== true) return "off";
  return isToolCallingSupported() ? "on" : "unsupported";
}

/** Adds images to the message that SillyTavern has just made of a round of tools, before it is shown and saved. */
export function attachToRound(images: readonly { url: string; title: string }[]): void {
  const message = context().chat.at(-1);
  if (message?.extra?.["tool_invocations"] === undefined) return;
  message.extra.media = [
    ...(message.extra.media ?? []),
    ...images.map(({ url, title }) => ({ type: "image", url, title })),
  ];
  message.extra["inline_image"] = true;
  message.extra["media_display"] = "list";
}

/** SillyTavern calls it, by the name in the manifest, before each generation that is no dry run. */
export function interceptGenerations(stop: () => boolean): void {
  const intercept = (_chat: unknown, _size: unknown, abort: (immediately: boolean) => void): void => {
    if (stop()) abort(true);
  };
  Object.assign(globalThis, { tavernlinkIntercept: intercept });
}
