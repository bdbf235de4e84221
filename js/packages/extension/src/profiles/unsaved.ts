/**
 * Does what the page works with hold a change that was not saved to its preset?
 *
 * Loading a preset adds what it lacks (prompts, samplers of a newer SillyTavern), and leaves alone what belongs to the
 * connection; neither is the person's doing.
 */

import { codeOf, type Content } from "./item.js";
import { isRecord, isSecret } from "./secrets.js";

const IDENTIFIERS = ["identifier", "character_id", "id", "name"];

export function hasUnsaved(live: Content, saved: Content): boolean {
  return (
    Object.keys(saved).some((field) => !isConnection(field) && !covers(live[field], saved[field])) ||
    hasNewPrompt(live["prompts"], saved["prompts"])
  );
}

function isConnection(field: string): boolean {
  return field === "chat_completion_source" || field.endsWith("_model") || isSecret(field);
}

/** True where `live` has all that `saved` has; what one of them does not know says nothing. */
function covers(live: unknown, saved: unknown): boolean {
  if (live === undefined) return true;
  if (Array.isArray(live) && Array.isArray(saved))
    return saved.every((part) => {
      const id = identify(part);
      return live.some((other) =>
        id === undefined ? codeOf(other) === codeOf(part) : identify(other) === id && covers(other, part),
      );
    });
  if (isRecord(live) && isRecord(saved))
    return Object.keys(saved).every((field) => covers(live[field], saved[field]));
  return codeOf(live) === codeOf(saved);
}

function identify(part: unknown): string | undefined {
  if (!isRecord(part)) return undefined;
  const field = IDENTIFIERS.find((name) => part[name] !== undefined);
  return field === undefined ? undefined : `${field} ${codeOf(part[field])}`;
}

/** A prompt of the person's own; those that SillyTavern adds are marked as its own. */
function hasNewPrompt(live: unknown, saved: unknown): boolean {
  if (!Array.isArray(live)) return false;
  const known = new Set((Array.isArray(saved) ? saved : []).map(identify));
  return live.some(
    (part) =>
      isRecord(part) &&
      part["system_prompt"] !== true &&
      part["marker"] !== true &&
      !known.has(identify(part)),
  );
}
