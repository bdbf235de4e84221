/** “Tools” in the drawer: which functions the model is offered, everywhere, with this character, in this chat. */

import type { FunctionInfo } from "@tavernlink/client";

import { Rows } from "./rows.js";
import type { Look, Sight } from "./sight.js";
import type { Template } from "./template.js";
import type { Texts } from "./texts.js";
import { keyOf, titleOf, type Choice, type Scope, type ToolChoice } from "../tools/choice.js";
import type { Tools } from "../tools/tools.js";

const INHERIT = "inherit";
const SOME = "some";

export interface ToolsPage {
  online(): boolean;
  calling(): "on" | "off" | "unsupported";
}

interface OfferedTool {
  info: FunctionInfo;
  ticked: boolean;
}

export class ToolsPanel {
  private readonly scope: HTMLSelectElement;
  private readonly choice: HTMLSelectElement;
  private readonly rows: Rows<OfferedTool>;
  private readonly status: HTMLElement;
  private readonly look: Look;

  constructor(
    template: Template,
    private readonly tools: Pick<Tools, "all" | "onChange">,
    private readonly chosen: ToolChoice,
    private readonly texts: Texts,
    sight: Sight,
    private readonly page: ToolsPage,
  ) {
    this.scope = template.select("tools_scope");
    this.choice = template.select("tools_choice");
    this.rows = new Rows(template.part("tools"), {
      key: ({ info }) => keyOf(info),
      make: (tool) => this.row(tool),
      none: "",
    });
    this.status = template.part("tools-status");
    this.scope.addEventListener("change", () => {
      this.draw();
    });
    this.choice.addEventListener("change", () => {
      this.chosen.set(this.where, this.read());
      this.draw();
    });
    this.look = sight.watch(template.section("tools"), () => {
      this.draw();
    });
    tools.onChange(() => {
      this.draw();
    });
    this.draw();
  }

  /** Another chat is open, the line came or went, function calling was switched. */
  draw(): void {
    if (!this.look.seen) return;
    this.drawScopes();
    const scope = this.where;
    const own = this.chosen.own(scope);
    const offered: [string, string][] = [
      ["all", this.texts.say("tools.choice.all")],
      ["none", this.texts.say("tools.choice.none")],
      [SOME, this.texts.say("tools.choice.some")],
    ];
    const around = this.around(scope);
    if (around !== undefined) offered.unshift([INHERIT, around]);
    this.choice.replaceChildren(...offered.map(([value, text]) => new Option(text, value)));
    this.choice.value =
      own === undefined ? (around === undefined ? "all" : INHERIT) : typeof own === "string" ? own : SOME;
    this.rows.draw(this.tools.all.map((info) => ({ info, ticked: this.chosen.allows(info, scope) })));
    this.status.textContent = this.state();
  }

  private get where(): Scope {
    return (this.scope.value || "everywhere") as Scope;
  }

  private drawScopes(): void {
    const before = this.where;
    const { character } = this.chosen;
    const options = [new Option(this.texts.say("tools.scope.everywhere"), "everywhere")];
    if (character !== undefined)
      options.push(new Option(this.texts.say("tools.scope.character", character.name), "character"));
    if (character !== undefined && this.chosen.hasChat)
      options.push(new Option(this.texts.say("tools.scope.chat"), "chat"));
    this.scope.replaceChildren(...options);
    this.scope.value = options.some(({ value }) => value === before) ? before : "everywhere";
  }

  /** What “say nothing here” means. */
  private around(scope: Scope): string | undefined {
    if (scope === "everywhere") return undefined;
    const { character } = this.chosen;
    return scope === "chat" && character !== undefined
      ? this.texts.say("tools.inherit.character", character.name)
      : this.texts.say("tools.inherit.everywhere");
  }

  private row({ info, ticked }: OfferedTool): HTMLElement {
    const label = document.createElement("label");
    label.className = "checkbox_label";
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = ticked;
    box.addEventListener("change", () => {
      this.tick(info, box.checked);
    });
    const text = document.createElement("span");
    const name = document.createElement("b");
    name.textContent = titleOf(info);
    const about = document.createElement("small");
    const from = info.provider.kind === "hub" ? "hub" : info.provider.name || info.provider.id;
    const away = !info.provider.online ? `, ${this.texts.say("tools.away")}` : "";
    about.textContent = `${from}${away}${info.description ? ` · ${info.description}` : ""}`;
    text.append(name, about);
    label.append(box, text);
    return label;
  }

  /** A tick is a choice for this scope: from what holds there now, and this one more or less. */
  private tick(info: FunctionInfo, checked: boolean): void {
    const scope = this.where;
    const kept = new Set(this.tools.all.filter((each) => this.chosen.allows(each, scope)).map(keyOf));
    const own = this.chosen.own(scope);
    // Those of programs that are away now.
    if (Array.isArray(own)) for (const key of own as readonly string[]) kept.add(key);
    if (checked) kept.add(keyOf(info));
    else kept.delete(keyOf(info));
    this.chosen.set(scope, [...kept].sort());
    this.draw();
  }

  private read(): Choice | undefined {
    const { value } = this.choice;
    if (value === INHERIT) return undefined;
    if (value !== SOME) return value as "all" | "none";
    const scope = this.where;
    return this.tools.all.filter((info) => this.chosen.allows(info, scope)).map(keyOf);
  }

  private state(): string {
    const { all } = this.tools;
    if (!this.page.online()) return this.texts.say("tools.offline");
    if (all.length === 0) return this.texts.say("tools.none");
    const calling = this.page.calling();
    if (calling !== "on") return this.texts.say(`tools.${calling}`);
    const offered = all.filter((info) => info.provider.online && this.chosen.allows(info)).length;
    return this.texts.say("tools.on", offered, all.length);
  }
}
