// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from "vitest";

import type * as PersonaModule from "../../src/host/persona.js";
import type { ScriptModule } from "../../src/host/script_module.js";

/** What SillyTavern knows of its user. */
class FakeUser {
  name1 = "Traveller";
  saves = 0;
  powerUserSettings: Record<string, unknown> = {
    persona_description: "A knight.",
    persona_description_position: 9,
    persona_description_lorebook: "castles",
  };
  readonly script: ScriptModule = {
    setUserName: (name) => {
      this.name1 = name;
    },
  };

  constructor() {
    vi.stubGlobal("SillyTavern", {
      getContext: () => ({
        name1: this.name1,
        powerUserSettings: this.powerUserSettings,
        saveSettingsDebounced: () => {
          this.saves += 1;
        },
      }),
    });
  }

  get all(): unknown[] {
    return [this.name1, ...Object.values(this.powerUserSettings)];
  }
}

const OWN = ["Traveller", "A knight.", 9, "castles"];

let user: FakeUser;
let persona: typeof PersonaModule;

beforeEach(async () => {
  localStorage.clear();
  user = new FakeUser();
  vi.resetModules();
  persona = await import("../../src/host/persona.js");
});

it("lends name and description for a turn and gives the person's own back", () => {
  const end = persona.lendPersona([{ name: "Alice", description: "{{user}} is a mage." }], user.script);
  expect(user.all).toEqual(["Alice", "Alice is a mage.", 0, ""]);
  expect(persona.ownName(user.name1)).toBe("Traveller");
  expect(persona.ownDescription("Alice is a mage.")).toBe("A knight.");
  end();
  expect(user.all).toEqual(OWN);
  expect(user.saves).toBe(1);
  expect(persona.ownName(user.name1)).toBe("Traveller");
  expect(localStorage.length).toBe(0);
});

it("does not describe the person where the speaker says nothing of themselves", () => {
  const end = persona.lendPersona([{ name: "Bob" }], user.script);
  expect(user.all).toEqual(["Bob", "", 9, ""]);
  end();
  expect(user.all).toEqual(OWN);
});

it("describes each of several speakers under their name; the last one is the user", () => {
  persona.lendPersona(
    [{ name: "Alice", description: "A mage." }, { name: "Bob" }, { name: "Cara", description: "A thief." }],
    user.script,
  );
  expect(user.all.slice(0, 2)).toEqual(["Cara", "Alice: A mage.\n\nCara: A thief."]);
});

it("changes nothing for the person's own name, without speakers, or in a SillyTavern that cannot", () => {
  for (const speakers of [[], [{ name: "Traveller" }]]) persona.lendPersona(speakers, user.script)();
  persona.lendPersona([{ name: "Alice" }], {})();
  expect(user.all).toEqual(OWN);
  expect(user.saves).toBe(0);
});

it("leaves alone what the person chose meanwhile", () => {
  const end = persona.lendPersona([{ name: "Alice", description: "A mage." }], user.script);
  user.name1 = "Other me";
  user.powerUserSettings["persona_description"] = "Another knight.";
  end();
  expect(user.all).toEqual(["Other me", "Another knight.", 9, "castles"]);
});

it("gives the own persona back after a page that died in the middle of a turn", async () => {
  persona.lendPersona([{ name: "Alice", description: "A mage." }], user.script);
  vi.resetModules();
  const next = await import("../../src/host/persona.js");
  next.recoverPersona(user.script);
  expect(user.all).toEqual(OWN);
  expect(localStorage.length).toBe(0);
  next.recoverPersona(user.script);
  expect(user.saves).toBe(1);
});

it("survives nonsense in the browser's storage", () => {
  localStorage.setItem("tavernlink.persona", "{");
  persona.recoverPersona(user.script);
  expect(localStorage.length).toBe(0);
});

it("expands who speaks and the character, and breaks every other macro", () => {
  expect(persona.plainText("{{user}} <USER> {{char}} {{setvar::a::b}}", "Zoe $&")).toBe(
    "Zoe $& Zoe $& {{char}} { {setvar::a::b}}",
  );
});

it("makes a name one line without macros", () => {
  expect(persona.plainName(" Al\nice {{user}}<b> ")).toBe("Al ice user b");
});
