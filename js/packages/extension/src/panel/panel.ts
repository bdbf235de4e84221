/** The drawer in SillyTavern's Extensions panel: address, key, connect and disconnect, state, debug log. */

import type { ConnectionState } from "@tavernlink/client";

import type { Log } from "../log.js";
import { PairingPanel } from "../pairing/panel.js";
import type { PairingDeps } from "../pairing/pairing.js";
import type { Obstacle } from "../reach.js";
import type { Settings } from "../settings.js";
import type { Texts } from "./texts.js";

export interface PanelActions {
  connect: () => void;
  disconnect: () => void;
  /** How the drawer asks the hub for a key: where there is none, Connect does that. */
  pairing: PairingDeps;
  /** The name that goes to the hub when none is typed. */
  defaultName: () => string;
  /** Address and name that this browser was given by who opened it; they are not the person's to change here. */
  pinned?: { url: string; name: string } | undefined;
}

type Light = "off" | "green" | "amber" | "red";

const LIGHTS: Record<ConnectionState["name"], Light> = {
  idle: "off",
  connecting: "amber",
  online: "green",
  waiting: "amber",
  refused: "red",
};

export class Panel {
  private readonly state: HTMLElement;
  private readonly detail: HTMLElement;
  private readonly log: HTMLElement;
  private readonly pairing: PairingPanel;
  private shown: ConnectionState = { name: "idle" };
  private note = "";
  private obstacle: Obstacle | undefined;
  private ticking: ReturnType<typeof setInterval> | undefined;
  private drawing = false;
  /** Address, key or name were changed since Connect was pressed. */
  private changed = false;

  constructor(
    private readonly root: HTMLElement,
    private readonly settings: Settings,
    private readonly debugLog: Log,
    private readonly texts: Texts,
    private readonly actions: PanelActions,
  ) {
    this.state = this.find('[data-part="state"]');
    this.detail = this.find('[data-part="detail"]');
    this.log = this.find('[data-part="log"]');
    this.pairing = new PairingPanel(root, texts, actions.pairing, (key) => {
      this.settings.change({ key });
      this.input("tavernlink_key").value = key;
      this.changed = false;
      this.actions.connect();
    });
    this.bindFields();
    this.bindButtons();
    this.debugLog.onChange(() => {
      this.drawLogSoon();
    });
    this.find("details.tavernlink-log").addEventListener("toggle", () => {
      this.drawLogSoon();
    });
    this.show(this.shown);
  }

  show(state: ConnectionState): void {
    this.shown = state;
    this.note = "";
    clearInterval(this.ticking);
    // Only while a countdown is to be seen.
    this.ticking =
      state.name === "waiting"
        ? setInterval(() => {
            this.tick();
          }, 1000)
        : undefined;
    this.draw();
  }

  /** What was found out about why the hub cannot be reached. */
  explain(obstacle: Obstacle | undefined): void {
    this.obstacle = obstacle;
    this.draw();
  }

  private tick(): void {
    if (document.visibilityState === "visible") this.draw();
  }

  private draw(): void {
    const { shown } = this;
    for (const light of this.root.querySelectorAll<HTMLElement>(".tavernlink-light")) {
      light.dataset["light"] = LIGHTS[shown.name];
      light.title = this.texts.say(`state.${shown.name}`);
    }
    this.root.dataset["state"] = shown.name;
    this.state.textContent = this.texts.say(`state.${shown.name}`);
    this.detail.textContent = this.note === "" ? this.describe(shown) : this.note;
    const active = shown.name === "connecting" || shown.name === "online" || shown.name === "waiting";
    const connected = shown.name === "connecting" || shown.name === "online";
    this.button("tavernlink_connect").disabled = connected && !this.changed;
    this.button("tavernlink_disconnect").disabled = !active;
  }

  private describe(state: ConnectionState): string {
    if (state.name === "online") {
      const { pinned, defaultName } = this.actions;
      const name = (pinned ?? this.settings.stored).name || defaultName();
      return this.texts.say("as", name, state.welcome.hub.version);
    }
    if (state.name === "refused") return this.texts.error(state.code, state.message);
    if (state.name !== "waiting") return "";
    const reason =
      this.obstacle === undefined || state.code !== "unreachable"
        ? this.texts.error(state.code, state.message)
        : this.texts.say(this.obstacle, location.origin);
    const seconds = Math.max(0, Math.ceil((state.retryAt - Date.now()) / 1000));
    return `${reason} ${this.texts.say("retry", seconds)}`;
  }

  private bindFields(): void {
    const { stored } = this.settings;
    const { pinned } = this.actions;
    const url = this.input("tavernlink_url");
    const keyField = this.input("tavernlink_key");
    const name = this.input("tavernlink_name");
    const remember = this.input("tavernlink_remember");
    const auto = this.input("tavernlink_auto");
    url.value = (pinned ?? stored).url;
    keyField.value = pinned === undefined ? this.settings.key : "pinned";
    name.value = (pinned ?? stored).name;
    for (const field of [url, keyField, name, remember, auto]) field.disabled = pinned !== undefined;
    name.placeholder = this.actions.defaultName();
    remember.checked = stored.remember;
    auto.checked = stored.autoConnect;
    const bind = (field: HTMLInputElement, change: () => void): void => {
      field.addEventListener("input", change);
    };
    const bindConnection = (field: HTMLInputElement, change: () => void): void => {
      bind(field, () => {
        change();
        this.changed = true;
        this.draw();
      });
    };
    bindConnection(url, () => {
      this.settings.change({ url: url.value });
    });
    bindConnection(keyField, () => {
      this.settings.change({ key: keyField.value });
    });
    bindConnection(name, () => {
      this.settings.change({ name: name.value.trim() });
    });
    bind(remember, () => {
      this.settings.change({ remember: remember.checked, key: keyField.value });
    });
    bind(auto, () => {
      this.settings.change({ autoConnect: auto.checked });
    });
  }

  private bindButtons(): void {
    this.button("tavernlink_connect").addEventListener("click", () => {
      if (this.actions.pinned !== undefined || this.settings.key !== "") {
        this.pairing.stop();
        this.changed = false;
        this.actions.connect();
        return;
      }
      const { url, name } = this.settings.stored;
      void this.pairing.start(url, name || this.actions.defaultName());
    });
    this.button("tavernlink_disconnect").addEventListener("click", () => {
      this.actions.disconnect();
    });
    this.button("tavernlink_copy").addEventListener("click", () => {
      void this.copyLog();
    });
  }

  private async copyLog(): Promise<void> {
    const text = this.debugLog.text();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // No clipboard on plain HTTP addresses: select it, so that Ctrl-C does it.
      getSelection()?.selectAllChildren(this.log);
      return;
    }
    this.note = this.texts.say("copied");
    this.draw();
  }

  /** At most once a frame, and only where it can be seen. */
  private drawLogSoon(): void {
    if (this.drawing || !(this.find("details.tavernlink-log") as HTMLDetailsElement).open) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      const atEnd = this.log.scrollTop + this.log.clientHeight >= this.log.scrollHeight - 20;
      this.log.textContent = this.debugLog.text("short");
      if (atEnd) this.log.scrollTop = this.log.scrollHeight;
    });
  }

  private find(selector: string): HTMLElement {
    const found = this.root.querySelector<HTMLElement>(selector);
    if (found === null) throw new Error(`The drawer's template has no ${selector}.`);
    return found;
  }

  private input(id: string): HTMLInputElement {
    return this.find(`#${id}`) as HTMLInputElement;
  }

  private button(id: string): HTMLButtonElement {
    return this.find(`#${id}`) as HTMLButtonElement;
  }
}
