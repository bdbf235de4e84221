// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";

import { Texts } from "../../src/panel/texts.js";
import { PermissionsPanel } from "../../src/panel/permissions.js";
import { inWords, showQuestion } from "../../src/permissions/question.js";
import { Permissions } from "../../src/permissions/stored.js";
import { HARMLESS_COMMANDS } from "../../src/scripts/names.js";
import { openTemplate } from "./stand_in.js";

const texts = new Texts((text) => text);
let root: HTMLElement;
let permissions: Permissions;

function select(id: string, value: string): void {
  const field = root.querySelector<HTMLSelectElement>(`#${id}`);
  if (field === null) throw new Error(id);
  field.value = value;
  field.dispatchEvent(new Event("change"));
}

function part(name: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(`[data-part="${name}"]`);
  if (found === null) throw new Error(name);
  return found;
}

beforeEach(() => {
  const template = openTemplate();
  root = document.body;
  const settings = {};
  permissions = new Permissions({ all: () => settings, save: () => undefined });
  new PermissionsPanel(template, permissions, texts);
});

describe("Permissions in the drawer", () => {
  it("sets classes, and single commands apart from them", () => {
    expect(part("asks").textContent).toBe("At present no command asks you.");
    select("tavernlink_policy_destructive", "ask");
    expect(part("asks").textContent).toMatch(/^At present these ask you: \w+\.\w+/);
    select("tavernlink_exception_command", "world.delete");
    select("tavernlink_exception_policy", "refuse");
    root.querySelector<HTMLElement>("#tavernlink_exception_add")?.click();
    expect(permissions.stored.policies).toEqual({ destructive: "ask", "world.delete": "refuse" });
    expect(part("exceptions").textContent).toContain("world.delete: Refuse");
    part("exceptions").querySelector("button")?.click();
    expect(permissions.stored.policies).toEqual({ destructive: "ask" });
    expect(part("exceptions").textContent).toBe("No exceptions");
  });

  it("begins a list of one's own with the harmless commands", () => {
    expect(part("script-list").hidden).toBe(true);
    select("tavernlink_scripts", "list");
    expect(part("script-list").hidden).toBe(false);
    expect(permissions.stored.scripts.list.split(" ")).toEqual(HARMLESS_COMMANDS);
  });

  it("shows what is remembered, and forgets it", () => {
    const one = {
      caller: "Bot (bots)",
      key: "k",
      what: "*destructive",
      answer: "refuse",
      time: "t",
    } as const;
    permissions.remember(one);
    permissions.remember({ ...one, what: "world.delete", answer: "allow" });
    const words = [...part("remembered").querySelectorAll("li")].map(({ textContent }) => textContent);
    expect(words).toEqual([
      "Bot (bots): world.delete is allowed",
      "Bot (bots): everything that deletes or overwrites is refused",
    ]);
    part("remembered").querySelector("button")?.click();
    expect(permissions.stored.remembered).toEqual([one]);
  });

  it("keeps the seconds within bounds", () => {
    select("tavernlink_seconds", "1");
    expect(permissions.stored.seconds).toBe(5);
    select("tavernlink_seconds", "");
    expect(permissions.stored.seconds).toBe(60);
  });
});

describe("the question", () => {
  it("says in words what is wanted, and never more or less than it knows", () => {
    const say = (command: string, args: unknown) => inWords({ command, args }, texts);
    expect(say("world.delete", { name: "<b>X</b>" })).toBe(
      "delete the lorebook “<b>X</b>” with all its entries",
    );
    expect(say("chat.delete", { chat_id: null })).toBe("run the command “chat.delete”");
    expect(say("note.set", { text: "x" })).toBe("run the command “note.set”");
    expect(say("world.delete", { name: "{command}" })).toContain("“{command}”");
  });

  it("shows text as text, and no secrets", () => {
    const wish = {
      caller: "<img src=x>",
      key: "k",
      command: "preset.save",
      kind: "destructive",
      args: { name: "<i>P</i>", api_key: "hunter2", content: null },
    } as const;
    const { content, remember } = showQuestion(wish, 60, texts);
    expect(content.querySelector("img, i")).toBeNull();
    expect(content.textContent).toContain("<img src=x> wants to:");
    expect([...content.querySelectorAll("td")].map((cell) => cell.textContent)).toEqual([
      "name",
      "<i>P</i>",
      "api_key",
      "•••",
    ]);
    expect(remember()).toBe("no");
  });
});
