/** `swipe.…`: the alternatives of a message of the open chat. */

import type { Commands } from "@tavernlink/client";

import { checkOpen } from "../host/chat.js";
import { context } from "../host/context.js";
import { HostError } from "../host/failure.js";
import { type Host } from "../host/host.js";
import { throwIfEdited } from "../host/messages.js";
import { deleteSwipe, factsOf, showSwipe, shownOf, textsOf } from "../host/swipes.js";
import { count, optionalCount, type Arguments } from "./arguments.js";
import { type CommandCall } from "./call.js";
import { generate } from "./generate.js";
import { messageAt } from "./messages.js";
import type { Noun } from "./noun.js";
import { ready } from "./ready.js";

type State = Commands["swipe.next"]["result"];
type Listed = Commands["swipe.list"]["result"];

/** The message that is meant: the last one unless `index` says another. */
function chosen(args: Arguments): number {
  const index = optionalCount(args, "index") ?? context().chat.length - 1;
  if (index < 0) throw new HostError("unknown_message", "The open chat has no message yet.", { total: 0 });
  messageAt(index);
  return index;
}

function stateOf(index: number): State {
  const message = messageAt(index);
  return { index, swipe: shownOf(message), swipes: textsOf(message).length, text: message.mes };
}

function listSwipes(args: Arguments): Listed {
  const index = chosen(args);
  const message = messageAt(index);
  const swipes = textsOf(message).map((text, swipe): Listed["swipes"][number] => {
    const { send_date: time, extra } = factsOf(message, swipe);
    const reasoning = extra?.reasoning;
    const model = extra?.["model"];
    return {
      text,
      ...(typeof reasoning === "string" && reasoning !== "" ? { reasoning } : {}),
      ...(time === undefined || time === "" ? {} : { time: String(time) }),
      ...(typeof model === "string" && model !== "" ? { model: model.slice(0, 200) } : {}),
    };
  });
  return { index, swipe: shownOf(message), swipes };
}

async function begin(host: Host, args: Arguments, call: CommandCall): Promise<number> {
  await ready(host, call);
  checkOpen();
  const index = chosen(args);
  throwIfEdited(index, index);
  return index;
}

async function step(host: Host, args: Arguments, call: CommandCall, by: 1 | -1): Promise<State> {
  const index = await begin(host, args, call);
  await showSwipe(index, shownOf(messageAt(index)) + by, host.script);
  return stateOf(index);
}

async function select(host: Host, args: Arguments, call: CommandCall): Promise<State> {
  const swipe = count(args, "swipe");
  const index = await begin(host, args, call);
  await showSwipe(index, swipe, host.script);
  return stateOf(index);
}

async function remove(host: Host, args: Arguments, call: CommandCall): Promise<State> {
  const swipe = optionalCount(args, "swipe");
  const index = await begin(host, args, call);
  await deleteSwipe(index, swipe ?? shownOf(messageAt(index)), host.script);
  return stateOf(index);
}

export const swipes = {
  "swipe.list": { lane: "immediate", run: (_host, args) => Promise.resolve(listSwipes(args)) },
  "swipe.next": { lane: "visible", run: (host, args, call) => step(host, args, call, 1) },
  "swipe.previous": { lane: "visible", run: (host, args, call) => step(host, args, call, -1) },
  "swipe.new": { lane: "visible", run: (host, _args, call) => generate(host, { mode: "swipe" }, call) },
  "swipe.select": { lane: "visible", run: select },
  "swipe.delete": { lane: "visible", run: remove },
} satisfies Noun;
