/**
 * Messages of a program's own types (`x.dice.roll`), as apps and taverns send and hear them.
 *
 * The hub fills in who sent them; `Target` says who gets them. They come without a subscription.
 */

import type { Connection } from "./connection.js";
import type { CustomMessage, Sender, Target } from "./generated/protocol.js";
import { makeId } from "./ids.js";

/** A type of one's own. */
export type CustomType = `x.${string}`;

/** What is heard: the hub has filled in who sent it, and when. */
export type ReceivedMessage = CustomMessage & { type: CustomType; from: Sender; sent: number };

/** A peer by id or name, several of them, `"*"` for everybody, or a target as the protocol has it. */
export type To = string | readonly string[] | Target;

export const EVERYBODY = "*";

export function targetOf(to: To): Target {
  if (typeof to === "string") return to === EVERYBODY ? { all: true } : { peer: to };
  return isList(to) ? { peers: [...to] } : to;
}

function isList(to: To): to is readonly string[] {
  return Array.isArray(to);
}

/** What is sent. Its id makes it one message, however often a line drops while it is sent. */
export function customMessage(content: unknown, to: To): CustomMessage {
  return { to: targetOf(to), content, message_id: makeId() };
}

/** Hear messages of one type, or of a glob such as `x.dice.*`. Returns the function that stops listening. */
export function onCustom(
  connection: Pick<Connection, "on">,
  types: CustomType,
  listener: (message: ReceivedMessage) => void,
): () => void {
  const wanted = matcher(types);
  return connection.on("event", ({ type, content }) => {
    if (isCustom(type) && wanted(type)) listener(content as ReceivedMessage);
  });
}

export function isCustom(type: string): type is CustomType {
  return type.startsWith("x.");
}

/** Says whether a type is what a glob means. */
export function matcher(glob: string): (type: string) => boolean {
  const escaped = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  const wanted = new RegExp(`^${escaped}$`);
  return (type) => wanted.test(type);
}
