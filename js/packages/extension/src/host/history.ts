/**
 * OpenAI-style messages as SillyTavern chat entries, for a build that replaces the history. Pure: no page, no host.
 *
 * The text must arrive in the prompt as it was sent. SillyTavern expands macros in every message, and some have
 * effects (`{{setvar::…}}`), so their openings are broken with a character from Unicode's private use area before the
 * build and put together again in the prompt (`restore`).
 */

import type { STMessage } from "./context.js";
import { HostError } from "./failure.js";

export interface ContentPart {
  type: string;
  text?: string;
  image_url?: { url: string } | string;
  [key: string]: unknown;
}

export interface PromptMessage {
  role: string;
  content?: string | ContentPart[] | null;
  name?: string | null;
  tool_calls?: ToolCall[] | null;
  tool_call_id?: string | null;
}

/** In OpenAI's shape. */
export interface ToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
  extra_content?: Record<string, unknown>;
}

/** U+E7A0: not assigned, so no tokenizer, regex or font gives it a meaning. */
const BREAK = "\uE7A0";
const MACRO_OPENING = /\{(?=\{)|<(?=(?:user|bot|char|charifnotgroup|group)>)/gi;

export function protect(text: string): string {
  return text.replaceAll(MACRO_OPENING, (opening) => opening + BREAK);
}

export function restore(text: string): string {
  return text.replaceAll(BREAK, "");
}

/** `restore` for every string of a JSON-like value. */
export function restoreDeep(value: unknown): unknown {
  if (typeof value === "string") return restore(value);
  if (Array.isArray(value)) return value.map(restoreDeep);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restoreDeep(item)]));
  }
  return value;
}

export interface HistoryNames {
  user: string;
  character: string;
}

function refuse(where: string, why: string): never {
  throw new HostError("unsupported_parameter", `${where} cannot be honoured: ${why}`, { parameter: where });
}

function imageUrl(part: ContentPart, where: string): string {
  const url = typeof part.image_url === "string" ? part.image_url : part.image_url?.url;
  if (typeof url !== "string" || !/^data:image\/[\w.+-]+;base64,/i.test(url)) {
    refuse(`${where}.image_url`, "SillyTavern takes images as base64 data URLs only.");
  }
  return url;
}

/** One message's text and images. */
export function readContent(
  content: PromptMessage["content"],
  where: string,
): { text: string; images: string[] } {
  if (content === null || content === undefined) return { text: "", images: [] };
  if (typeof content === "string") return { text: content, images: [] };
  const texts: string[] = [];
  const images: string[] = [];
  content.forEach((part, index) => {
    const at = `${where}.content[${index}]`;
    if ((part.type === "text" || part.type === "input_text") && typeof part.text === "string")
      texts.push(part.text);
    else if (part.type === "image_url") images.push(imageUrl(part, at));
    else refuse(at, `content parts of type “${part.type}” are not supported.`);
  });
  return { text: texts.join("\n"), images };
}

/** The whole history, in order. `system` and `developer` messages keep their place (SillyTavern's narrator). */
export function toHistory(messages: readonly PromptMessage[], names: HistoryNames): STMessage[] {
  return messages.map((message, index) => {
    const where = `messages[${index}]`;
    const { text, images } = readContent(message.content, where);
    const extra: NonNullable<STMessage["extra"]> = {};
    if (images.length > 0) {
      extra.media = images.map((url) => ({ type: "image", url }));
      extra["media_display"] = "list";
      extra["inline_image"] = true;
    }
    const entry = { is_system: false, mes: protect(text), extra };
    switch (message.role) {
      case "user":
        return { ...entry, name: message.name ?? names.user, is_user: true };
      case "assistant":
        return { ...entry, name: message.name ?? names.character, is_user: false };
      case "system":
      case "developer":
        return {
          ...entry,
          name: message.name ?? "System",
          is_user: false,
          extra: { ...extra, type: "narrator" },
        };
      default:
        return refuse(`${where}.role`, `SillyTavern's history has no role “${message.role}”.`);
    }
  });
}
