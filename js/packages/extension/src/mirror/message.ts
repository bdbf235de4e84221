/** SillyTavern's chat entries as the protocol's ChatMessage, and the light signature by which changes are seen. */

import type { ChatMessage } from "@tavernlink/client";

import type { STMessage } from "../host/context.js";

const MAX_NAME = 200;
export const MAX_TEXT = 200_000;
const MAX_MEDIA = 50;
const MAX_URL = 500;

/** References to the entry's own strings, no copies: 5,000 of them weigh nothing and compare in under a millisecond. */
export interface Signature {
  readonly name: string;
  readonly mes: string;
  readonly user: boolean;
  readonly system: boolean;
  readonly date: unknown;
  readonly swipe: unknown;
  readonly swipes: number;
  readonly reasoning: string | undefined;
  readonly model: unknown;
  readonly tokens: unknown;
  readonly media: number;
}

function mediaCount(extra: STMessage["extra"]): number {
  if (extra === undefined) return 0;
  const files = extra["files"];
  return (
    (extra.media?.length ?? 0) +
    (Array.isArray(files) ? files.length : 0) +
    (extra["image"] === undefined ? 0 : 1)
  );
}

/** SillyTavern puts an empty one into messages that have none when the next reply comes. */
function reasoningOf(extra: STMessage["extra"]): string | undefined {
  const reasoning: unknown = extra?.reasoning;
  return typeof reasoning === "string" && reasoning !== "" ? reasoning : undefined;
}

export function signatureOf(raw: STMessage): Signature {
  const { extra } = raw;
  return {
    name: raw.name,
    mes: raw.mes,
    user: raw.is_user,
    system: raw.is_system,
    date: raw.send_date,
    swipe: raw.swipe_id,
    swipes: raw.swipes?.length ?? 0,
    reasoning: reasoningOf(extra),
    model: extra?.["model"],
    tokens: extra?.["token_count"],
    media: mediaCount(extra),
  };
}

export function isSame(signature: Signature, raw: STMessage): boolean {
  const { extra } = raw;
  return (
    signature.mes === raw.mes &&
    signature.name === raw.name &&
    signature.user === raw.is_user &&
    signature.system === raw.is_system &&
    signature.date === raw.send_date &&
    signature.swipe === raw.swipe_id &&
    signature.swipes === (raw.swipes?.length ?? 0) &&
    signature.reasoning === reasoningOf(extra) &&
    signature.model === extra?.["model"] &&
    signature.tokens === extra?.["token_count"] &&
    signature.media === mediaCount(extra)
  );
}

/** `maxText`: longest text that the hub's message limit leaves room for. */
export function toChatMessage(raw: STMessage, maxText = MAX_TEXT): ChatMessage {
  const text = textOf(raw.mes);
  const message: ChatMessage = {
    name: textOf(raw.name).slice(0, MAX_NAME),
    role: raw.is_system ? "system" : raw.is_user ? "user" : "assistant",
    text: text.slice(0, maxText),
  };
  if (raw.send_date !== undefined && raw.send_date !== "") message.time = String(raw.send_date);
  if (isCount(raw.swipe_id)) message.swipe = raw.swipe_id;
  if (raw.swipes !== undefined && raw.swipes.length > 0) message.swipes = raw.swipes.length;
  const reasoning = reasoningOf(raw.extra);
  if (reasoning !== undefined) message.reasoning = reasoning.slice(0, maxText);
  const sender = senderOf(raw.extra);
  if (sender !== undefined) message.sent_by = sender;
  const extra = factsOf(raw.extra);
  if (text.length > maxText) extra["cut"] = text.length;
  if (Object.keys(extra).length > 0) message.extra = extra;
  return message;
}

/** The app that sent it, as `send` noted it down. */
function senderOf(extra: STMessage["extra"]): string | undefined {
  const note = extra?.["tavernlink"] as { by?: unknown } | undefined;
  return typeof note?.by === "string" && note.by !== "" ? note.by.slice(0, MAX_NAME) : undefined;
}

function factsOf(extra: STMessage["extra"]): Record<string, unknown> {
  const facts: Record<string, unknown> = {};
  if (extra === undefined) return facts;
  for (const name of ["api", "model", "type"]) {
    if (typeof extra[name] === "string" && extra[name] !== "") facts[name] = extra[name].slice(0, MAX_NAME);
  }
  if (isCount(extra["token_count"])) facts["token_count"] = extra["token_count"];
  const media = [...listOf(extra.media), ...listOf(extra["files"])].slice(0, MAX_MEDIA).map(mediaOf);
  // From 1.14 on SillyTavern gives the first of the list under this name once more.
  if (typeof extra["image"] === "string" && (extra.media?.length ?? 0) === 0)
    media.push(mediaOf({ type: "image", url: extra["image"] }));
  if (media.length > 0) facts["media"] = media;
  return facts;
}

/** Where a file is, not what is in it: data URLs are left out. */
function mediaOf(item: Record<string, unknown>): Record<string, string> {
  const media: Record<string, string> = {};
  for (const name of ["type", "title", "name", "url"]) {
    const value = item[name];
    if (typeof value === "string" && value !== "" && !value.startsWith("data:"))
      media[name] = value.slice(0, MAX_URL);
  }
  return media;
}

function listOf(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).filter(
    (item): item is Record<string, unknown> => typeof item === "object" && item !== null,
  );
}

/** Chat files are edited by hand and by other programs: a text may be missing. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
