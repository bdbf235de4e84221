/** Where to connect to, with which key or by a code, under which name; Connect and Disconnect. */

import type { ConnectionState } from "@tavernlink/client";

import type { PairingDeps } from "../pairing/pairing.js";
import type { PinnedConnection } from "../pinned.js";
import type { Settings } from "../settings.js";
import { PairingPanel } from "./pairing.js";
import type { Template } from "./template.js";
import type { Texts } from "./texts.js";

export interface ConnectionActions {
  connect: () => void;
  disconnect: () => void;
  /** How the drawer asks the hub for a key: where there is none, Connect does that. */
  pairing: PairingDeps;
  /** The name that goes to the hub when none is typed. */
  defaultName: () => string;
  /** Address and name that this browser was given by who opened it; they are not the person's to change here. */
  pinned?: Pick<PinnedConnection, "url" | "name"> | undefined;
}

export class ConnectionView {
  private readonly pairing: PairingPanel;
  private readonly fields: HTMLDetailsElement;
  private state: ConnectionState["name"] = "idle";
  /** Address, key or name were changed since Connect was pressed. */
  private changed = false;

  constructor(
    private readonly template: Template,
    private readonly settings: Settings,
    texts: Texts,
    private readonly actions: ConnectionActions,
  ) {
    this.fields = template.section("fields");
    this.pairing = new PairingPanel(template, texts, actions.pairing, (key) => {
      this.settings.change({ key });
      this.template.input("key").value = key;
      this.changed = false;
      this.actions.connect();
    });
    this.bindFields();
    this.bindButtons();
    this.fill();
    this.drawButtons();
  }

  show({ name }: ConnectionState): void {
    const before = this.state;
    this.state = name;
    // Who is connected looks at other things; who is not, at these. Nothing folds under somebody's hands.
    if (name === "online" && before !== "online" && !this.changed && !this.isUsed()) this.fields.open = false;
    if (name === "refused" || (name === "idle" && before !== "idle")) this.fields.open = true;
    this.drawButtons();
  }

  /** The settings were changed elsewhere. */
  fill(): void {
    const { stored } = this.settings;
    const { pinned } = this.actions;
    const { template } = this;
    template.input("url").value = (pinned ?? stored).url;
    template.input("key").value = pinned === undefined ? this.settings.key : "pinned";
    template.input("name").value = (pinned ?? stored).name;
    template.input("remember").checked = stored.remember;
    template.input("auto").checked = stored.autoConnect;
    this.changed = false;
    this.drawButtons();
  }

  private isUsed(): boolean {
    return this.fields.contains(document.activeElement);
  }

  private drawButtons(): void {
    const { state } = this;
    const connected = state === "connecting" || state === "online";
    this.template.button("connect").disabled = connected && !this.changed;
    this.template.button("disconnect").disabled = !connected && state !== "waiting";
  }

  private bindFields(): void {
    const { template, settings } = this;
    const url = template.input("url");
    const key = template.input("key");
    const name = template.input("name");
    const remember = template.input("remember");
    const auto = template.input("auto");
    const { pinned } = this.actions;
    for (const field of [url, key, name, remember, auto]) field.disabled = pinned !== undefined;
    template.part("pinned").hidden = pinned === undefined;
    name.placeholder = this.actions.defaultName();
    const bind = (field: HTMLInputElement, change: () => void): void => {
      field.addEventListener("input", change);
    };
    const bindConnection = (field: HTMLInputElement, change: () => void): void => {
      bind(field, () => {
        change();
        this.changed = true;
        this.drawButtons();
      });
    };
    bindConnection(url, () => {
      settings.change({ url: url.value });
    });
    bindConnection(key, () => {
      settings.change({ key: key.value });
    });
    bindConnection(name, () => {
      settings.change({ name: name.value.trim() });
    });
    bind(remember, () => {
      settings.change({ remember: remember.checked, key: key.value });
    });
    bind(auto, () => {
      settings.change({ autoConnect: auto.checked });
    });
  }

  private bindButtons(): void {
    this.template.button("connect").addEventListener("click", () => {
      if (this.actions.pinned !== undefined || this.settings.key !== "") {
        this.pairing.stop();
        this.changed = false;
        this.actions.connect();
        return;
      }
      const { url, name } = this.settings.stored;
      void this.pairing.start(url, name || this.actions.defaultName());
    });
    this.template.button("disconnect").addEventListener("click", () => {
      this.pairing.stop();
      this.actions.disconnect();
    });
  }
}
