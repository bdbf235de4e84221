// @vitest-environment jsdom
import { beforeEach, expect, it } from "vitest";

import type { FunctionInfo } from "@tavernlink/client";

import { Texts } from "../../src/panel/texts.js";
import { ToolChoice } from "../../src/tools/choice.js";
import { ToolsPanel } from "../../src/panel/tools.js";
import { HandSight, openTemplate } from "./stand_in.js";

const made = (name: string, kind: string): FunctionInfo =>
  ({
    address: `${kind}/${name}`,
    name,
    title: null,
    description: `About ${name}.`,
    provider: { kind, id: "p", name: kind === "hub" ? "hub" : "Dice bot", online: true },
  }) as unknown as FunctionInfo;
const functions = [made("look", "app"), made("roll", "hub")];

let character: { id: string; name: string } | undefined;
let metadata: Record<string, unknown> | undefined;
let settings: Record<string, unknown>;
let choice: ToolChoice;
let calling: "on" | "off" | "unsupported";
let panel: ToolsPanel;

beforeEach(() => {
  const template = openTemplate();
  character = { id: "s.png", name: "Seraphina" };
  metadata = {};
  settings = {};
  calling = "on";
  choice = new ToolChoice({
    settings: () => settings,
    saveSettings: () => undefined,
    metadata: () => metadata,
    saveMetadata: () => undefined,
    character: () => character,
  });
  panel = new ToolsPanel(
    template,
    { all: functions, onChange: () => undefined },
    choice,
    new Texts((text) => text),
    new HandSight(),
    { online: () => true, calling: () => calling },
  );
});

const select = (id: string): HTMLSelectElement =>
  document.querySelector<HTMLSelectElement>(`#tavernlink_tools_${id}`)!; // eslint-disable-line @typescript-eslint/no-non-null-assertion -- a test
const options = (id: string): string[] => [...select(id).options].map(({ text }) => text);
const pick = (id: string, value: string): void => {
  select(id).value = value;
  select(id).dispatchEvent(new Event("change"));
};
const boxes = (): HTMLInputElement[] => [
  ...document.querySelectorAll<HTMLInputElement>('[data-part="tools"] input'),
];
const ticks = (): boolean[] => boxes().map(({ checked }) => checked);
const status = (): string => document.querySelector('[data-part="tools-status"]')?.textContent ?? "";

it("offers everything until something else is said, and names where each is from", () => {
  expect(options("scope")).toEqual(["Everywhere", "With Seraphina", "In this chat"]);
  expect([select("choice").value, ticks()]).toEqual(["all", [true, true]]);
  expect(status()).toBe("The model is offered 2 of 2 here.");
  expect(document.querySelector('[data-part="tools"]')?.textContent).toContain("Dice bot · About look.");
});

it("lets the chat's choice go before the character's, and that before the one for everywhere", () => {
  pick("choice", "none");
  pick("scope", "character");
  expect([select("choice").value, ticks()]).toEqual(["inherit", [false, false]]);
  boxes()[1]?.click();
  expect([select("choice").value, ticks(), status()]).toEqual([
    "some",
    [false, true],
    "The model is offered 1 of 2 here.",
  ]);
  pick("scope", "chat");
  expect(options("choice")[0]).toBe("As with Seraphina");
  expect(ticks()).toEqual([false, true]);
  pick("choice", "all");
  expect(status()).toBe("The model is offered 2 of 2 here.");
  expect(settings).toEqual({ tools: { everywhere: "none", characters: { "s.png": ["hub/roll"] } } });
  expect(metadata).toEqual({ tavernlink_tools: "all" });
  pick("choice", "inherit");
  expect(metadata).toEqual({});
});

it("keeps what was chosen of a program that is away", () => {
  settings["tools"] = { everywhere: ["app:Away/x", "hub/roll"] };
  panel.draw();
  boxes()[0]?.click();
  expect(settings["tools"]).toEqual({ everywhere: ["app:Away/x", "app:Dice bot/look", "hub/roll"] });
});

it("follows another chat, and says why nothing is offered", () => {
  pick("scope", "chat");
  character = undefined;
  metadata = undefined;
  panel.draw();
  expect(options("scope")).toEqual(["Everywhere"]);
  calling = "off";
  panel.draw();
  expect(status()).toContain("Enable function calling");
});
