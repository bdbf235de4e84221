/** One room in the drawer: its turn and its members. */

import type { MemberInfo } from "@tavernlink/client";

import { element } from "./elements.js";
import type { ShownRoom } from "./rooms.js";
import { Rows } from "./rows.js";
import type { Texts } from "./texts.js";

/** Members that are shown; a public room may have thousands. */
const MOST = 50;

export class RoomCard {
  readonly element: HTMLElement;
  private readonly name = element("b", "");
  private readonly about = element("small", "");
  private readonly turn = element("small", "");
  private readonly note = element("small", "tavernlink-trouble");
  private readonly more = element("small", "");
  private readonly button = element("button", "menu_button");
  private readonly members: Rows<MemberInfo>;

  constructor(
    private readonly texts: Texts,
    /** Returns what went wrong; empty: nothing. */
    private readonly release: () => Promise<string>,
  ) {
    const list = element("ul", "tavernlink-members");
    this.members = new Rows(list, { key: ({ id }) => id, make: (member) => this.row(member), none: "" });
    this.button.type = "button";
    this.button.addEventListener("click", () => {
      void this.press();
    });
    this.turn.setAttribute("role", "status");
    const turn = element("div", "tavernlink-turn", this.turn, this.button);
    this.element = element("li", "tavernlink-room", this.name, this.about, turn, this.note, list, this.more);
  }

  draw(room: ShownRoom): void {
    const { texts } = this;
    const { mode } = room.settings;
    this.element.dataset["room"] = room.name;
    this.put(this.name, room.name);
    const topic = room.topic === "" ? "" : `${room.topic} · `;
    const role = texts.say(`rooms.role.${room.role ?? "guest"}`);
    this.put(this.about, `${topic}${role} · ${texts.say("rooms.online", room.online, room.total)}`);
    this.put(this.turn, this.describe(room));
    const leads = room.role === "owner" || room.role === "manager";
    this.button.hidden = !leads || !(mode === "manual" || room.held > 0);
    this.put(this.button, room.held > 0 ? texts.say("rooms.release", room.held) : texts.say("rooms.reply"));
    const members = [...room.members].sort(
      (a, b) => Number(b.online) - Number(a.online) || nameOf(a).localeCompare(nameOf(b)),
    );
    this.members.draw(members.slice(0, MOST));
    this.put(this.more, members.length > MOST ? texts.say("rooms.more", members.length - MOST) : "");
  }

  private describe({ settings, held, turn }: ShownRoom): string {
    const { texts } = this;
    if (turn?.state === "running") return texts.say("rooms.running");
    if (turn?.error) return texts.error(turn.error.code, turn.error.message);
    const mode = texts.say(`rooms.mode.${settings.mode}`);
    return held > 0 ? `${mode} ${texts.say("rooms.held", held)}` : mode;
  }

  private row(member: MemberInfo): HTMLElement {
    const { texts } = this;
    const state = member.online ? "online" : "offline";
    const light = element("span", "tavernlink-dot");
    light.dataset["light"] = member.online ? "green" : "off";
    light.title = texts.say(`rooms.${state}.one`);
    light.setAttribute("role", "img");
    light.setAttribute("aria-label", light.title);
    const facts = [
      texts.say(`rooms.role.${member.role}`),
      ...(member.kind === "tavern" ? [texts.say("rooms.tavern")] : []),
      ...(typeof member.muted_until === "number" ? [texts.say("rooms.muted")] : []),
      ...(member.typing ? [texts.say(`rooms.${member.typing}`)] : []),
      ...(member.held > 0 ? [texts.say("rooms.held.one", member.held)] : []),
    ];
    const words = element(
      "span",
      "tavernlink-words",
      nameOf(member),
      " ",
      element("small", "", facts.join(", ")),
    );
    const row = element("li", "", light, words);
    row.dataset["online"] = String(member.online);
    return row;
  }

  private async press(): Promise<void> {
    this.button.disabled = true;
    this.put(this.note, await this.release());
    this.button.disabled = false;
  }

  private put(place: HTMLElement, text: string): void {
    if (place.textContent !== text) place.textContent = text;
  }
}

function nameOf({ persona, name, id }: MemberInfo): string {
  return persona?.name ?? (name === "" ? id : name);
}
