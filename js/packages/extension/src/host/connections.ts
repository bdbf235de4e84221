/** Connection profiles, kept by SillyTavern's extension of that name. Their addresses and keys stay there. */

import { context } from "./context.js";
import { HostError } from "./failure.js";
import { saveSettings } from "./library/server.js";
import { callSlash } from "./slash_calls.js";

interface KeptProfile extends Record<string, unknown> {
  id: string;
  name: string;
  mode?: string;
}

interface Kept {
  profiles: KeptProfile[];
  selectedProfile?: string | null;
}

export interface ConnectionFacts {
  id: string;
  name: string;
  selected: boolean;
  mode: string;
  api: string | null;
  model: string | null;
  preset: string | null;
}

function kept(): Kept {
  const found = context().extensionSettings["connectionManager"] as Kept | undefined;
  if (Array.isArray(found?.profiles) && select() !== null) return found;
  throw new HostError(
    "unsupported_backend",
    "The extension “Connection Profiles” is switched off in this SillyTavern.",
  );
}

function select(): HTMLSelectElement | null {
  return document.querySelector<HTMLSelectElement>("#connection_profiles");
}

function facts(profile: KeptProfile, selected: string | null | undefined): ConnectionFacts {
  const text = (name: string): string | null => {
    const value = profile[name];
    return typeof value === "string" && value !== "" ? value : null;
  };
  return {
    id: profile.id,
    name: profile.name,
    selected: profile.id === selected,
    mode: profile.mode ?? "",
    api: text("api"),
    model: text("model"),
    preset: text("preset"),
  };
}

export function listConnections(): ConnectionFacts[] {
  const { profiles, selectedProfile } = kept();
  return profiles.map((profile) => facts(profile, selectedProfile));
}

export function findConnection(wanted: string): KeptProfile {
  const { profiles } = kept();
  const found = profiles.find(({ id }) => id === wanted) ?? profiles.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  throw new HostError("unknown_item", `There is no connection profile “${wanted}”.`, { connection: wanted });
}

function describe(id: string): ConnectionFacts {
  return facts(findConnection(id), kept().selectedProfile);
}

export async function createConnection(name: string): Promise<ConnectionFacts> {
  if (kept().profiles.some((profile) => profile.name === name))
    throw new HostError("item_exists", `There is a connection profile “${name}” already.`, {
      connection: name,
    });
  const made = await callSlash("profile-create", name);
  if (made === "") throw new HostError("command_failed", `SillyTavern made no connection profile “${name}”.`);
  await saveSettings();
  return describe(made);
}

/** Undefined: none. Resolves when everything in it is selected. */
export async function selectConnection(wanted: string | undefined): Promise<void> {
  const field = select();
  const profile = wanted === undefined ? undefined : findConnection(wanted);
  kept();
  if (field === null) return;
  const { eventSource, eventTypes } = context();
  const event = eventTypes["CONNECTION_PROFILE_LOADED"] ?? "connection_profile_loaded";
  await new Promise<void>((resolve) => {
    const loaded = (): void => {
      eventSource.removeListener(event, loaded);
      resolve();
    };
    eventSource.on(event, loaded);
    field.value = profile?.id ?? "";
    field.dispatchEvent(new Event("change"));
  });
  await saveSettings();
}

/** What is set now goes into a profile, selected or not. */
export async function updateConnection(wanted: string): Promise<ConnectionFacts> {
  const profile = findConnection(wanted);
  const own = kept();
  const before = own.selectedProfile;
  // Its command works on the selected one, and reads nothing else of the selection.
  own.selectedProfile = profile.id;
  try {
    await callSlash("profile-update", "");
  } finally {
    own.selectedProfile = before ?? null;
  }
  await saveSettings();
  return describe(profile.id);
}

export async function deleteConnection(wanted: string): Promise<void> {
  const profile = findConnection(wanted);
  const own = kept();
  own.profiles.splice(own.profiles.indexOf(profile), 1);
  const option = [...(select()?.options ?? [])].find(({ value }) => value === profile.id);
  option?.remove();
  if (own.selectedProfile === profile.id) await selectConnection(undefined);
  const { eventSource, eventTypes } = context();
  await eventSource.emit(eventTypes["CONNECTION_PROFILE_DELETED"] ?? "connection_profile_deleted", profile);
  await saveSettings();
}
