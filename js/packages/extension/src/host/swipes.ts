/**
 * The alternatives of a message: which there are, showing another one, deleting one.
 *
 * SillyTavern's own functions do this for the last message alone, with an animation, and leave its swiping locked for
 * one that is not on screen. Here any message's data are changed by SillyTavern's own `sync…` functions, then the message
 * is drawn and announced as SillyTavern does it.
 */

import { context, type STMessage } from "./context.js";
import { HostError } from "./failure.js";
import { announce, elementOf } from "./messages.js";
import { saveChat } from "./saves.js";
import { type ScriptModule } from "./script_module.js";

/** What belongs to one alternative and must not be seen with another. */
const OF_ONE = [
  "memory",
  "display_text",
  "media",
  "inline_image",
  "files",
  "fileLength",
  "generationType",
  "negative",
  "title",
  "append_title",
];

/** Texts of the alternatives; a message that was never swiped has one. */
export function textsOf(message: STMessage): string[] {
  const { swipes, mes } = message;
  if (!Array.isArray(swipes) || swipes.length === 0) return [mes];
  return swipes.map((text, place) => (place === shownOf(message) ? mes : text));
}

export function shownOf({ swipe_id: shown, swipes }: STMessage): number {
  return Math.min(shown ?? 0, Math.max(0, (swipes?.length ?? 1) - 1));
}

/** What is kept beside the alternative's text: its date, reasoning, model. */
export function factsOf(message: STMessage, swipe: number): Pick<STMessage, "send_date" | "extra"> {
  if (swipe === shownOf(message)) return message;
  return message.swipe_info?.[swipe] ?? {};
}

/** Throws `unknown_swipe`. */
export function checkSwipe(index: number, message: STMessage, swipe: number): void {
  const swipes = textsOf(message).length;
  if (swipe >= 0 && swipe < swipes) return;
  throw new HostError(
    "unknown_swipe",
    `Message ${index} has ${swipes === 1 ? "no alternatives" : `${swipes} alternatives`} and none at ${swipe}. ` +
      "swipe.new makes another one of the last reply.",
    { index, swipe, swipes },
  );
}

export async function showSwipe(index: number, swipe: number, script: ScriptModule): Promise<void> {
  const message = messageAt(index);
  checkSwipe(index, message, swipe);
  if (swipe === shownOf(message)) return;
  await undoing(index, message, async () => {
    store(index, message, script);
    load(index, message, swipe, script);
    draw(index, message);
    await announce("MESSAGE_SWIPED", "message_swiped", index);
    await saveChat();
  });
}

export async function deleteSwipe(index: number, swipe: number, script: ScriptModule): Promise<void> {
  const message = messageAt(index);
  checkSwipe(index, message, swipe);
  const { swipes } = message;
  if (swipes === undefined || swipes.length < 2) {
    throw new HostError("unknown_swipe", `Message ${index} has no other alternative: the last one stays.`, {
      index,
    });
  }
  const shown = shownOf(message);
  await undoing(index, message, async () => {
    store(index, message, script);
    swipes.splice(swipe, 1);
    message.swipe_info?.splice(swipe, 1);
    const next = swipe < shown ? shown - 1 : Math.min(shown, swipes.length - 1);
    message.swipe_id = next;
    context().chatMetadata["tainted"] = true;
    if (swipe === shown) load(index, message, next, script);
    draw(index, message);
    const what = { messageId: index, swipeId: swipe, newSwipeId: next };
    await announce("MESSAGE_SWIPE_DELETED", "message_swipe_deleted", what);
    if (swipe === shown) await announce("MESSAGE_SWIPED", "message_swiped", index);
    await saveChat();
  });
}

function messageAt(index: number): STMessage {
  const message = context().chat[index];
  if (message === undefined) throw new HostError("unknown_message", "The message is gone.", { index });
  return message;
}

/** What was changed in the message belongs to the alternative that it shows. */
function store(index: number, message: STMessage, script: ScriptModule): void {
  if (script.syncMesToSwipe?.(index) !== true && message.swipes !== undefined)
    message.swipes[shownOf(message)] = message.mes;
}

function load(index: number, message: STMessage, swipe: number, script: ScriptModule): void {
  for (const name of OF_ONE) Reflect.deleteProperty(message.extra ?? {}, name);
  Reflect.deleteProperty(message, "gen_started");
  Reflect.deleteProperty(message, "gen_finished");
  if (script.syncSwipeToMes?.(index, swipe) !== true)
    throw new HostError("command_failed", "SillyTavern did not take the alternative.");
}

function draw(index: number, message: STMessage): void {
  if (elementOf(index) === null) return;
  // Last: the options make SillyTavern draw the message into the element that it has.
  context().addOneMessage(message, { type: "swipe", forceId: index, scroll: false });
  context().swipe?.refresh?.(true);
}

/** Where `work` fails, the message is as it was. */
async function undoing(index: number, message: STMessage, work: () => Promise<void>): Promise<void> {
  const before = structuredClone(message);
  try {
    await work();
  } catch (thrown) {
    for (const key of Object.keys(message)) Reflect.deleteProperty(message, key);
    Object.assign(message, before);
    if (context().chat[index] === message) draw(index, message);
    throw thrown;
  }
}
