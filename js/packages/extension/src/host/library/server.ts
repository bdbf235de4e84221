/** SillyTavern's own server, as far as settings are kept there in files. */

import { context } from "../context.js";
import { HostError } from "../failure.js";

/** Posts JSON and gives the answer. Throws `command_failed` where the server refuses. */
export async function post(address: string, body: unknown, what: string): Promise<Response> {
  const answer = await fetch(address, {
    method: "POST",
    headers: context().getRequestHeaders(),
    body: JSON.stringify(body),
    cache: "no-cache",
  });
  if (!answer.ok)
    throw new HostError("command_failed", `SillyTavern's server refused: ${what} (status ${answer.status}).`);
  return answer;
}

/** What `/api/settings/get` says: files as they are on disk at this moment. */
export interface ServerSettings {
  openai_settings?: string[];
  openai_setting_names?: string[];
  textgenerationwebui_presets?: string[];
  textgenerationwebui_preset_names?: string[];
  instruct?: Record<string, unknown>[];
  context?: Record<string, unknown>[];
  sysprompt?: Record<string, unknown>[];
  reasoning?: Record<string, unknown>[];
  quickReplyPresets?: Record<string, unknown>[];
  world_names?: string[];
}

export async function readServerSettings(): Promise<ServerSettings> {
  return (await (await post("/api/settings/get", {}, "reading the settings")).json()) as ServerSettings;
}

/** One of SillyTavern's own modules; undefined where this version has no such file. */
export async function loadModule(address: string): Promise<Record<string, unknown> | undefined> {
  try {
    return (await import(address)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Writes settings.json now rather than in a second. */
export async function saveSettings(): Promise<void> {
  const save = (await loadModule("/script.js"))?.["saveSettings"];
  if (typeof save === "function") await (save as () => Promise<void>)();
  else context().saveSettingsDebounced();
}
