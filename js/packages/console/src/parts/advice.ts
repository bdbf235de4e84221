/** What to do about an error, by its code. Where there is nothing to add to the hub's own words, nothing is said. */

import type { en } from "../i18n/en.js";

type Name = keyof typeof en;

const ADVICE: Readonly<Record<string, Name>> = {
  unauthorized: "advice.key",
  key_revoked: "advice.key",
  key_expired: "advice.key",
  forbidden: "advice.role",
  origin_refused: "advice.origin",
  no_tavern: "advice.noTavern",
  tavern_gone: "advice.gone",
  interrupted: "advice.gone",
  timeout: "advice.slow",
  queue_full: "advice.queue",
  quota: "advice.queue",
  rate_limited: "advice.rate",
  slow_consumer: "advice.reader",
  blocked_by_dialog: "advice.dialog",
  backend_error: "advice.model",
  no_backend: "advice.model",
  storage_failed: "advice.disk",
  protocol_unsupported: "advice.update",
  internal: "advice.internal",
};

export function adviceFor(code: string): Name | null {
  return ADVICE[code] ?? null;
}
