/** A change of what the whole page shares (characters, personas): nothing is generated or built beside it. */

import { type Host } from "../host/host.js";
import { alone as aloneInPage } from "../host/roster.js";
import { type CommandCall } from "./call.js";
import { ready } from "./ready.js";

/** Rejects with `busy` where somebody's reply takes longer than a moment, and with `blocked_by_dialog`. */
export async function alone<T>(host: Host, call: CommandCall, work: () => Promise<T>): Promise<T> {
  await ready(host, call);
  return aloneInPage(host, call.signal, work);
}
