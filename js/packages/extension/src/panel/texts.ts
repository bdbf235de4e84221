/** Words of the drawer that are not in its template. English here; other languages in static/i18n. */

import { PAIRING_TEXTS } from "../pairing/texts.js";
import { PERMISSION_TEXTS } from "../permissions/texts.js";
import { PROFILE_TEXTS } from "../profiles/texts.js";
import { SLASH_TEXTS } from "../slash/texts.js";
import { TOOL_TEXTS } from "../tools/texts.js";
import { PANEL_TEXTS } from "./words.js";

export const TEXTS = {
  ...PANEL_TEXTS,
  ...SLASH_TEXTS,
  ...PAIRING_TEXTS,
  ...PERMISSION_TEXTS,
  ...PROFILE_TEXTS,
  ...TOOL_TEXTS,
  copied: "The log is in the clipboard.",
  "state.idle": "Not connected",
  "state.connecting": "Connecting…",
  "state.online": "Connected",
  "state.waiting": "No connection",
  "state.refused": "Refused by the hub",
  retry: "Next try in {0} s.",
  as: "as {0} (hub {1})",
  mixed:
    "This page is HTTPS, so the browser lets it reach only hubs with HTTPS, or on this computer (127.0.0.1). Put the hub behind HTTPS.",
  origin: "The hub answers, but does not let this page in. Add {0} to allowed_origins in the hub's settings.",
} as const;

export type Translate = (text: string, key: string) => string;

export class Texts {
  constructor(private readonly translate: Translate) {}

  say(name: keyof typeof TEXTS, ...values: (string | number)[]): string {
    const text = this.translate(TEXTS[name], `tavernlink.${name}`);
    return text.replace(/\{(\d)\}/g, (hole, index: string) => String(values[Number(index)] ?? hole));
  }

  /** An error in the person's language where its code is known there, else in the hub's own words. */
  error(code: string, message: string): string {
    return this.translate(message, `tavernlink.error.${code}`);
  }
}
