/** `prompt.*`: what would be sent to the model, and how many tokens things have. */

import type { PromptBuilt, PromptTokens } from "@tavernlink/client";

import { checkOpen } from "../host/chat.js";
import { context } from "../host/context.js";
import { throwIfCancelled } from "../host/failure.js";
import { type PromptMessage } from "../host/history.js";
import { type Host } from "../host/host.js";
import { PromptInspector } from "../host/preview.js";
import { list, numbers, only, optionalText, record, texts, flag, type Arguments } from "./arguments.js";
import { type CommandCall } from "./call.js";
import { messageAt } from "./messages.js";
import type { Noun } from "./noun.js";

async function preview(host: Host, args: Arguments, call: CommandCall): Promise<PromptBuilt> {
  const messages = list(args, "messages") as unknown as PromptMessage[];
  const said = optionalText(args, "text");
  const inspector = new PromptInspector();
  const order = { parameters: record(args, "params"), stream: true, inspector };
  if (messages.length > 0) {
    only({ text: args["text"] }, []);
    const character = optionalText(args, "character");
    return inspector.report(await host.builder.build({ ...order, messages, character }, call.signal));
  }
  only({ character: args["character"] }, []);
  checkOpen();
  const { name1 } = context();
  const added =
    said === undefined
      ? []
      : [{ name: name1, is_user: true, is_system: false, mes: host.regex.userInput(said), extra: {} }];
  return inspector.report(await host.builder.buildOpen({ ...order, added }, call.signal));
}

async function tokens(_host: Host, args: Arguments, call: CommandCall): Promise<PromptTokens> {
  const { chat } = context();
  const said = texts(args, "texts");
  const wanted = numbers(args, "messages").map((index) => messageAt(index).mes);
  const sent = flag(args, "chat", false)
    ? chat.filter(({ is_system: hidden }) => !hidden).map(({ mes }) => mes)
    : null;
  const counts = async (all: readonly string[]): Promise<number[]> => {
    const found: number[] = [];
    for (const text of all) {
      throwIfCancelled(call.signal);
      found.push(text === "" ? 0 : await context().getTokenCountAsync(text, 0));
    }
    return found;
  };
  return {
    texts: await counts(said),
    messages: await counts(wanted),
    chat: sent === null ? null : (await counts(sent)).reduce((sum, each) => sum + each, 0),
    tokenizer: context().getTokenizerModel?.() ?? "",
  };
}

export const prompts = {
  "prompt.preview": { lane: "detached", run: preview },
  "prompt.tokens": { lane: "detached", run: tokens },
} satisfies Noun;
