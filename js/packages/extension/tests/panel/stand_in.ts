/** The drawer's template in a page of its own, a sight that is switched by hand, and a line that answers as told. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { ConnectionState, Messages, Outcome, Welcome } from "@tavernlink/client";

import type { PanelLine } from "../../src/panel/line.js";
import type { Sight } from "../../src/panel/sight.js";
import { Template } from "../../src/panel/template.js";

export const HTML = readFileSync(join(import.meta.dirname, "../../static/panel.html"), "utf8");

export function openTemplate(): Template {
  document.body.innerHTML = HTML;
  const root = document.querySelector<HTMLElement>("#tavernlink_panel");
  if (root === null) throw new Error("no panel");
  return new Template(root);
}

export class HandSight implements Sight {
  private readonly sections = new Map<
    HTMLDetailsElement,
    { look: { seen: boolean }; changed: (seen: boolean) => void }
  >();

  constructor(private seen = true) {}

  watch(section: HTMLDetailsElement, changed: (seen: boolean) => void): { seen: boolean } {
    const look = { seen: this.seen };
    this.sections.set(section, { look, changed });
    return look;
  }

  set(seen: boolean): void {
    this.seen = seen;
    for (const { look, changed } of this.sections.values()) {
      look.seen = seen;
      changed(seen);
    }
  }
}

export const ONLINE: ConnectionState = {
  name: "online",
  welcome: { id: "tavern-1", hub: { version: "1.2" }, server_time: 1000 } as Welcome,
};

export class FakeLine implements PanelLine {
  state: ConnectionState = { name: "idle" };
  readonly sent: [string, unknown][] = [];
  readonly asked: [string, unknown][] = [];
  readonly answers: Record<string, (content: never) => unknown> = {};
  private readonly listeners = new Set<(state: ConnectionState) => void>();
  private readonly heard: [string, (content: never) => void][] = [];

  onState(listener: (state: ConnectionState) => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  hear<Type extends keyof Messages>(type: Type, listener: (content: Messages[Type]) => void): void {
    this.heard.push([type, listener]);
  }

  send(type: string, content: unknown): boolean {
    this.sent.push([type, content]);
    return this.state.name === "online";
  }

  /** What an answer throws is what the hub refuses. */
  ask(type: string, content: unknown): Promise<Outcome> {
    this.asked.push([type, content]);
    try {
      return Promise.resolve({ ok: true, result: this.answers[type]?.(content as never) });
    } catch (error) {
      const { code = "internal", message } = error as Error & { code?: string };
      return Promise.resolve({ ok: false, error: { code, message } });
    }
  }

  become(state: ConnectionState): void {
    this.state = state;
    for (const listener of [...this.listeners]) listener(state);
  }

  tell<Type extends keyof Messages>(type: Type, content: Messages[Type]): void {
    for (const [name, listener] of this.heard) if (name === type) listener(content as never);
  }
}

export const part = (name: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(`[data-part="${name}"]`);
  if (found === null) throw new Error(name);
  return found;
};

export const text = (name: string): string => part(name).textContent;

/** What hangs on promises that are settled is done. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
