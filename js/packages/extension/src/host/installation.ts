/**
 * How this copy of the extension came into SillyTavern. SillyTavern's update button reaches a copy that it cloned; beside
 * one that was copied into its folder there is no such button, and it tells nobody why.
 */

import { context } from "./context.js";

interface Answer {
  currentCommitHash?: unknown;
}

/** True: it was copied, and SillyTavern cannot update it. False where it can, and where it does not say. */
export async function isCopied(folder: string, ask: typeof fetch): Promise<boolean> {
  const extensionName = folder.split("/").at(-1) ?? "";
  try {
    // A user's own copy goes before the one for all users, as when SillyTavern loads them.
    for (const global of [false, true]) {
      const answer = await ask("/api/extensions/version", {
        method: "POST",
        headers: context().getRequestHeaders(),
        body: JSON.stringify({ extensionName, global }),
      });
      if (answer.status === 404) continue;
      // It fails where what it was cloned from is out of reach: there is a repository, then.
      return answer.ok && ((await answer.json()) as Answer).currentCommitHash === "";
    }
  } catch {
    // Nobody answers.
  }
  return false;
}
