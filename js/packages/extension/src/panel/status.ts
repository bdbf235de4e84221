/** The state of the connection: a light, a word, the reason, and when the next try comes. */

import type { ConnectionState } from "@tavernlink/client";

import type { Obstacle } from "../reach.js";
import type { Template } from "./template.js";
import type { Texts } from "./texts.js";

export const LIGHTS: Record<ConnectionState["name"], "off" | "green" | "amber" | "red"> = {
  idle: "off",
  connecting: "amber",
  online: "green",
  waiting: "amber",
  refused: "red",
};

export interface StatusPage {
  /** The name of this tavern. */
  name: () => string;
  retryNow: () => void;
}

export class StatusView {
  private readonly lights: NodeListOf<HTMLElement>;
  private readonly state: HTMLElement;
  private readonly detail: HTMLElement;
  private readonly countdown: HTMLElement;
  private readonly retry: HTMLButtonElement;
  private shown: ConnectionState = { name: "idle" };
  private obstacle: Obstacle | undefined;
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly template: Template,
    private readonly texts: Texts,
    private readonly page: StatusPage,
  ) {
    this.lights = template.root.querySelectorAll<HTMLElement>(".tavernlink-light");
    this.state = template.part("state");
    this.detail = template.part("detail");
    this.countdown = template.part("countdown");
    this.retry = template.button("retry");
    this.retry.addEventListener("click", () => {
      this.page.retryNow();
    });
    this.draw();
  }

  show(state: ConnectionState): void {
    this.shown = state;
    clearInterval(this.ticking);
    // Only while a countdown is to be seen.
    this.ticking =
      state.name === "waiting"
        ? setInterval(() => {
            if (document.visibilityState === "visible") this.drawCountdown();
          }, 1000)
        : undefined;
    this.draw();
  }

  /** What was found out about why the hub cannot be reached. */
  explain(obstacle: Obstacle | undefined): void {
    this.obstacle = obstacle;
    this.draw();
  }

  private draw(): void {
    const { name } = this.shown;
    const word = this.texts.say(`state.${name}`);
    for (const light of this.lights) {
      light.dataset["light"] = LIGHTS[name];
      light.title = word;
    }
    this.template.root.dataset["state"] = name;
    put(this.state, word);
    put(this.detail, this.describe(this.shown));
    this.retry.hidden = name !== "waiting";
    this.drawCountdown();
  }

  /** Apart from what screen readers read out at each change. */
  private drawCountdown(): void {
    const { shown } = this;
    const left = shown.name === "waiting" ? Math.max(0, Math.ceil((shown.retryAt - Date.now()) / 1000)) : 0;
    put(this.countdown, shown.name === "waiting" ? this.texts.say("retry", left) : "");
  }

  private describe(state: ConnectionState): string {
    if (state.name === "online") return this.texts.say("as", this.page.name(), state.welcome.hub.version);
    if (state.name === "refused") return this.texts.error(state.code, state.message);
    if (state.name !== "waiting") return "";
    return this.obstacle === undefined || state.code !== "unreachable"
      ? this.texts.error(state.code, state.message)
      : this.texts.say(this.obstacle, location.origin);
  }
}

/** Text that did not change is not announced again. */
function put(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text;
}
