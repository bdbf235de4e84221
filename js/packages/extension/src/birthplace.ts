/**
 * The hub that gave this copy of the extension out: `hub.json` lies beside the bundle and names it. A copy that came
 * another way has an empty one.
 */

const FILE = "hub.json";

/** The hub's address, or undefined. Never rejects: what cannot be read is not there. */
export async function readBirthplace(moduleUrl: string, read: typeof fetch): Promise<string | undefined> {
  try {
    const answer = await read(new URL(FILE, moduleUrl));
    if (!answer.ok) return undefined;
    const found: unknown = await answer.json();
    const url: unknown =
      typeof found === "object" && found !== null ? (found as { url?: unknown }).url : undefined;
    if (typeof url !== "string") return undefined;
    const { protocol } = new URL(url);
    return protocol === "http:" || protocol === "https:" ? url : undefined;
  } catch {
    return undefined;
  }
}
