/** `tavernlink up` opens the console as `#/in/TICKET`: exchanged once for a key, and gone from the address at once. */

import { TavernlinkError } from "@tavernlink/client";

const MARK = /^#\/in\/([0-9a-f]+)$/;

/** The ticket in the address, which is cleaned of it; undefined where there is none. */
export function takeTicket(): string | undefined {
  const ticket = MARK.exec(location.hash)?.[1];
  if (ticket !== undefined) history.replaceState(null, "", "#/overview");
  return ticket;
}

/** Rejects with the hub's reason. */
export async function redeem(ticket: string): Promise<string> {
  const answer = await fetch("api/console/sign-in", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ticket }),
  });
  const outcome = (await answer.json()) as {
    result?: { key: string };
    error?: { code: string; message: string };
  };
  if (outcome.result !== undefined) return outcome.result.key;
  const { code, message } = outcome.error ?? { code: "internal", message: answer.statusText };
  throw new TavernlinkError(code, message);
}
