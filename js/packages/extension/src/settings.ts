/**
 * What the person set, as kept in SillyTavern's `extension_settings.tavernlink`.
 *
 * A key that must not be remembered lives in this tab's sessionStorage alone and is never written to the settings,
 * which SillyTavern saves on its server.
 */

import { LEVELS, type LogLevel } from "./log.js";

export interface StoredSettings {
  url: string;
  /** Empty unless `remember`. */
  key: string;
  /** Name of this tavern; empty: made up from the page's address. */
  name: string;
  remember: boolean;
  autoConnect: boolean;
  /** From which level on the drawer shows the debug log. */
  logLevel: LogLevel;
}

export const DEFAULTS: StoredSettings = {
  url: "http://127.0.0.1:8001",
  key: "",
  name: "",
  remember: true,
  autoConnect: true,
  logLevel: "info",
};

const NAMESPACE = "tavernlink";
const SESSION_KEY = "tavernlink.key";

export interface SettingsHome {
  /** SillyTavern's live object of all extensions' settings. */
  all(): Record<string, unknown>;
  save(): void;
  session: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

export class Settings {
  /** `url`: the hub's address until the person sets one. */
  constructor(
    private readonly home: SettingsHome,
    private readonly url: string = DEFAULTS.url,
  ) {}

  /** The live object, completed with defaults and rid of values of a wrong type. */
  get stored(): StoredSettings {
    const all = this.home.all();
    const found = all[NAMESPACE];
    const stored = (typeof found === "object" && found !== null ? found : {}) as Record<string, unknown>;
    for (const [name, value] of Object.entries({ ...DEFAULTS, url: this.url })) {
      if (typeof stored[name] !== typeof value) stored[name] = value;
    }
    if (!LEVELS.some((level) => level === stored["logLevel"])) stored["logLevel"] = DEFAULTS.logLevel;
    all[NAMESPACE] = stored;
    return stored as unknown as StoredSettings;
  }

  get key(): string {
    const { key, remember } = this.stored;
    return (remember && key !== "" ? key : this.home.session.getItem(SESSION_KEY)) ?? "";
  }

  change(change: Partial<StoredSettings>): void {
    const key = (change.key ?? this.key).trim();
    const stored = Object.assign(this.stored, change);
    stored.url = stored.url.trim();
    stored.key = stored.remember ? key : "";
    if (stored.remember || key === "") this.home.session.removeItem(SESSION_KEY);
    else this.home.session.setItem(SESSION_KEY, key);
    this.home.save();
  }
}
