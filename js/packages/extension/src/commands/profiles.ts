/** `profile.publish`, `profile.apply`, `profile.undo`: an app has this tavern share its settings, or take some over. */

import type { ItemRef, ProfileInfo, ProfileKind } from "@tavernlink/client";

import { HostError } from "../host/failure.js";
import { whenQuiet } from "../host/quiet.js";
import { type Host } from "../host/host.js";
import { KINDS } from "../profiles/item.js";
import type { Applied, Profiles, Restored } from "../profiles/profiles.js";
import { count, flag, list, optionalText, text, type Arguments } from "./arguments.js";
import { type CommandCall } from "./call.js";

function isKind(value: unknown): value is ProfileKind {
  return (KINDS as readonly unknown[]).includes(value);
}

function kinds(args: Arguments): ProfileKind[] {
  const value = args["kinds"] ?? [];
  if (Array.isArray(value) && value.every(isKind)) return value;
  throw new HostError("invalid_message", "The command's argument “kinds” must be a list of kinds.");
}

function refs(args: Arguments): ItemRef[] {
  return list(args, "items").map((ref) => {
    const { kind, name } = ref;
    if (isKind(kind) && typeof name === "string") return { kind, name };
    throw new HostError("invalid_message", "The command's argument “items” must name kinds and names.");
  });
}

export function publish(profiles: Profiles, args: Arguments): Promise<ProfileInfo> {
  const selection = { kinds: kinds(args), items: refs(args) };
  return profiles.publish(text(args, "profile"), selection, optionalText(args, "note"));
}

export async function apply(
  profiles: Profiles,
  host: Host,
  args: Arguments,
  call: CommandCall,
): Promise<Applied> {
  const dryRun = flag(args, "dry_run", false);
  if (!dryRun) await whenQuiet(host.gate, call.signal);
  const version = count(args, "version", 0);
  return profiles.apply(text(args, "profile"), {
    ...(version === 0 ? {} : { version }),
    ...(args["items"] === undefined || args["items"] === null ? {} : { items: refs(args) }),
    overwrite: flag(args, "overwrite", false),
    dryRun,
  });
}

export async function undo(
  profiles: Profiles,
  host: Host,
  args: Arguments,
  call: CommandCall,
): Promise<Restored> {
  await whenQuiet(host.gate, call.signal);
  return profiles.undo(optionalText(args, "backup"));
}

/** A dry run only looks, so it goes beside the generations. */
export function applyLane(args: unknown): "visible" | "detached" {
  return typeof args === "object" && args !== null && (args as Arguments)["dry_run"] === true
    ? "detached"
    : "visible";
}
