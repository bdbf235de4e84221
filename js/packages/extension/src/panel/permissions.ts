/** “Permissions” in the drawer: what programs may do here, which scripts may run, and what was decided for good. */

import { COMMANDS } from "@tavernlink/client";

import type { Template } from "./template.js";
import type { Texts } from "./texts.js";
import { HARMLESS_COMMANDS } from "../scripts/names.js";
import { classify } from "../permissions/gatekeeper.js";
import {
  CLASSES,
  MODES,
  POLICIES,
  SECONDS,
  type CommandClass,
  type Permissions,
  type Policy,
  type Remembered,
} from "../permissions/stored.js";

/** Commands that are named where many ask. */
const NAMED = 12;

export class PermissionsPanel {
  constructor(
    private readonly template: Template,
    private readonly permissions: Permissions,
    private readonly texts: Texts,
  ) {
    for (const kind of CLASSES) this.bindPolicy(kind);
    this.bindExceptions();
    this.bindQuestion();
    this.bindScripts();
    this.permissions.onChange(() => {
      this.draw();
    });
    this.draw();
  }

  private bindPolicy(kind: CommandClass): void {
    const select = this.template.select(`policy_${kind}`);
    this.fillPolicies(select);
    select.addEventListener("change", () => {
      this.permissions.setPolicy(kind, select.value as Policy);
    });
  }

  private bindExceptions(): void {
    const command = this.template.select("exception_command");
    const names = Object.keys(COMMANDS).filter((name) => classify({ name }) !== undefined);
    command.replaceChildren(...names.sort().map((name) => new Option(name, name)));
    const policy = this.template.select("exception_policy");
    this.fillPolicies(policy);
    policy.value = "ask";
    this.template.id("exception_add").addEventListener("click", () => {
      this.permissions.setPolicy(command.value, policy.value as Policy);
    });
  }

  private bindQuestion(): void {
    const unattended = this.template.select("unattended");
    unattended.replaceChildren(
      ...(["refuse", "allow"] as const).map(
        (answer) => new Option(this.texts.say(`permissions.${answer}`), answer),
      ),
    );
    unattended.addEventListener("change", () => {
      this.permissions.change({ unattended: unattended.value === "allow" ? "allow" : "refuse" });
    });
    const seconds = this.template.input("seconds");
    seconds.min = String(SECONDS.least);
    seconds.max = String(SECONDS.most);
    seconds.addEventListener("change", () => {
      const wanted = seconds.value.trim() === "" ? SECONDS.usual : Number(seconds.value);
      this.permissions.change({ seconds: Math.min(SECONDS.most, Math.max(SECONDS.least, wanted)) });
    });
  }

  private bindScripts(): void {
    const mode = this.template.select("scripts");
    mode.replaceChildren(
      ...MODES.map((name) => new Option(this.texts.say(`permissions.mode.${name}`), name)),
    );
    const list = this.template.id("script_list") as HTMLTextAreaElement;
    const change = (): void => {
      const chosen = MODES.find((name) => name === mode.value) ?? "nothing";
      // The first list is the harmless one, to be added to.
      if (chosen === "list" && list.value.trim() === "") list.value = HARMLESS_COMMANDS.join(" ");
      this.permissions.change({ scripts: { mode: chosen, list: list.value } });
    };
    mode.addEventListener("change", change);
    list.addEventListener("change", change);
  }

  private draw(): void {
    const { stored } = this.permissions;
    for (const kind of CLASSES)
      this.template.select(`policy_${kind}`).value = this.permissions.policy(kind, kind);
    this.template.part("asks").textContent = this.describeAsking();
    const exceptions = Object.entries(stored.policies).filter(([name]) => !isClass(name));
    this.fillList(
      "exceptions",
      exceptions.map(([name, policy]) => ({
        text: `${name}: ${this.texts.say(`permissions.${policy}`)}`,
        remove: () => {
          this.permissions.setPolicy(name, undefined);
        },
      })),
      this.texts.say("permissions.exceptions.none"),
    );
    this.fillList(
      "remembered",
      stored.remembered.map((one) => ({
        text: this.describe(one),
        remove: () => {
          this.permissions.forget(one);
        },
      })),
      this.texts.say("permissions.remembered.none"),
    );
    this.template.select("unattended").value = stored.unattended;
    this.template.input("seconds").value = String(stored.seconds);
    this.template.select("scripts").value = stored.scripts.mode;
    const list = this.template.id("script_list") as HTMLTextAreaElement;
    list.value = stored.scripts.list;
    this.template.part("script-list").hidden = stored.scripts.mode !== "list";
  }

  /** Which commands ask the person as things are. */
  private describeAsking(): string {
    const asking = Object.keys(COMMANDS).filter((name) => {
      const what = classify({ name });
      return what !== undefined && this.permissions.policy(what.command, what.kind) === "ask";
    });
    if (asking.length === 0) return this.texts.say("permissions.asks.none");
    const named = asking.slice(0, NAMED).join(", ");
    return asking.length > NAMED
      ? this.texts.say("permissions.asks.more", named, asking.length - NAMED)
      : this.texts.say("permissions.asks", named);
  }

  private describe({ caller, what, answer }: Remembered): string {
    const kind = CLASSES.find((name) => what === `*${name}`);
    const named = kind === undefined ? what : this.texts.say(`permissions.class_of.${kind}`);
    return this.texts.say(`permissions.remembered.${answer}`, caller, named);
  }

  private fillList(part: string, items: readonly { text: string; remove: () => void }[], none: string): void {
    const made = items.map(({ text, remove }) => {
      const item = document.createElement("li");
      const words = document.createElement("span");
      words.textContent = text;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "menu_button";
      const icon = document.createElement("i");
      icon.className = "fa-solid fa-trash-can";
      button.append(icon);
      button.title = this.texts.say("permissions.remove");
      button.setAttribute("aria-label", `${button.title}: ${text}`);
      button.addEventListener("click", remove);
      item.append(words, button);
      return item;
    });
    if (made.length === 0) {
      const item = document.createElement("li");
      item.className = "tavernlink-none";
      item.textContent = none;
      made.push(item);
    }
    this.template.part(part).replaceChildren(...made);
  }

  private fillPolicies(select: HTMLSelectElement): void {
    select.replaceChildren(
      ...POLICIES.map((policy) => new Option(this.texts.say(`permissions.${policy}`), policy)),
    );
  }
}

function isClass(name: string): name is CommandClass {
  return (CLASSES as readonly string[]).includes(name);
}
