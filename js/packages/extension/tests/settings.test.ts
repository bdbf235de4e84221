import { beforeEach, expect, it } from "vitest";

import { DEFAULTS, Settings, type SettingsHome } from "../src/settings.js";

let all: Record<string, unknown>;
let session: Map<string, string>;
let saves: number;
let home: SettingsHome;
let settings: Settings;

beforeEach(() => {
  all = {};
  session = new Map();
  saves = 0;
  home = {
    all: () => all,
    save: () => (saves += 1),
    session: {
      getItem: (name) => session.get(name) ?? null,
      setItem: (name, value) => session.set(name, value),
      removeItem: (name) => session.delete(name),
    },
  };
  settings = new Settings(home);
});

it("starts with defaults, and mends values of a wrong type", () => {
  expect(settings.stored).toEqual(DEFAULTS);
  all["tavernlink"] = { url: 5, key: "k", other: "kept" };
  expect(settings.stored).toMatchObject({ ...DEFAULTS, key: "k", other: "kept" });
});

it("starts with the address of the hub that gave the extension out", () => {
  const born = new Settings(home, "http://hub.lan:8001");
  expect(born.stored.url).toBe("http://hub.lan:8001");
  born.change({ url: "http://other.lan:8001" });
  expect(born.stored.url).toBe("http://other.lan:8001");
});

it("remembers the key in SillyTavern's settings", () => {
  settings.change({ key: " tl_tavern_a_b " });
  expect(settings.stored.key).toBe("tl_tavern_a_b");
  expect(session.size).toBe(0);
  expect(saves).toBe(1);
});

it("keeps a key that is not to be remembered out of them", () => {
  settings.change({ key: "tl_tavern_a_b" });
  settings.change({ remember: false });
  expect(JSON.stringify(all)).not.toContain("tl_tavern");
  expect(settings.key).toBe("tl_tavern_a_b");
  settings.change({ remember: true });
  expect(settings.stored.key).toBe("tl_tavern_a_b");
  expect(session.size).toBe(0);
});

it("forgets a key that was emptied, everywhere", () => {
  settings.change({ remember: false, key: "tl_tavern_a_b" });
  settings.change({ key: "" });
  expect(settings.key).toBe("");
});
