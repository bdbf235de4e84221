/** Puts the parts of shared settings together, on the real page. */

import { context } from "../host/context.js";
import type { Host } from "../host/host.js";
import { Library } from "../host/library/library.js";
import { saveSettings } from "../host/library/server.js";
import { readUserFile, removeUserFile, writeUserFile } from "../host/library/user_files.js";
import { whenQuiet } from "../host/quiet.js";
import { Backups } from "./backups.js";
import { Follow, type FollowEvent } from "./follow.js";
import type { Content } from "./item.js";
import { Memory } from "./memory.js";
import { Profiles, type Ask } from "./profiles.js";

export interface OpenedProfiles {
  profiles: Profiles;
  follow: Follow;
}

const LATER_MS = 15_000;
const LOCK = "tavernlink.profiles";
const NAMESPACE = "tavernlink";

export function openProfiles(host: Host, ask: Ask, report: (event: FollowEvent) => void): OpenedProfiles {
  const memory = new Memory({
    stored: () => {
      const all = context().extensionSettings;
      if (typeof all[NAMESPACE] !== "object" || all[NAMESPACE] === null) all[NAMESPACE] = {};
      return all[NAMESPACE] as Content;
    },
    save: saveSettings,
  });
  const files = { write: writeUserFile, read: readUserFile, remove: removeUserFile };
  const profiles = new Profiles(ask, new Library(), memory, new Backups(files, memory, makeBackupId));
  const never = new AbortController().signal;
  const follow = new Follow(profiles, {
    whenQuiet: () => whenQuiet(host.gate, never),
    later: (call) => {
      setTimeout(call, LATER_MS);
    },
    alone: (work) => {
      const locks = (navigator as Partial<Navigator>).locks;
      return locks === undefined ? work() : locks.request(LOCK, work);
    },
    report,
  });
  return { profiles, follow };
}

/** Sorts by time; letters and digits only, since it becomes a file's name. */
function makeBackupId(): string {
  const random = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  return `${Date.now().toString(36)}-${random.toString(36)}`;
}
