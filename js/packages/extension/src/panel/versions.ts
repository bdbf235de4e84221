/** Versions of extension, hub and SillyTavern, and what to do where extension and hub are not of one version. */

import { parseAddress } from "@tavernlink/client";

import { element } from "./elements.js";
import type { PanelLine } from "./line.js";
import type { Template } from "./template.js";
import type { Texts } from "./texts.js";

export interface VersionsPage {
  extension: string;
  sillytavern: string;
  /** This tab's id on the hub. */
  id: () => string;
  /** The hub's address as it was typed. */
  address: () => string;
  /** Opens SillyTavern's list of extensions, where the update button is. */
  manage: () => void;
  /** True: SillyTavern's update button does not reach this copy of the extension. */
  isCopied: () => Promise<boolean>;
}

export class VersionsView {
  private readonly list: HTMLElement;
  private readonly hint: HTMLElement;
  private readonly mark: HTMLElement;
  private readonly link: HTMLAnchorElement;
  private readonly button: HTMLButtonElement;
  private copied: boolean | undefined;

  constructor(
    template: Template,
    private readonly line: PanelLine,
    private readonly texts: Texts,
    private readonly page: VersionsPage,
  ) {
    this.list = template.part("versions");
    this.hint = template.part("versions-hint");
    this.mark = template.part("versions-mark");
    this.link = template.id("hub_page") as HTMLAnchorElement;
    // SillyTavern cleans these from templates.
    this.link.target = "_blank";
    this.link.rel = "noopener noreferrer";
    this.button = template.button("manage");
    this.button.addEventListener("click", () => {
      this.page.manage();
    });
    line.onState(() => {
      this.draw();
    });
    this.draw();
  }

  private draw(): void {
    const { texts, page } = this;
    const { state } = this.line;
    const hub = state.name === "online" ? state.welcome.hub.version : undefined;
    const facts: [string, string][] = [
      [texts.say("versions.extension"), page.extension],
      [texts.say("versions.hub"), hub ?? "–"],
      ["SillyTavern", page.sillytavern || "–"],
      [texts.say("versions.id"), page.id()],
    ];
    this.list.replaceChildren(
      ...facts.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", value)]),
    );
    const order = hub === undefined ? 0 : compareVersions(page.extension, hub);
    const refused = state.name === "refused" && state.code === "protocol_unsupported";
    if (order < 0 || refused) this.lookHowItCame();
    this.hint.textContent = refused
      ? texts.say(this.copied ? "versions.protocol.copied" : "versions.protocol")
      : order < 0
        ? this.older(hub ?? "")
        : order > 0
          ? texts.say("versions.newer", page.extension, hub ?? "")
          : hub === undefined
            ? ""
            : texts.say("versions.same");
    this.mark.hidden = order === 0 && !refused;
    this.button.hidden = order >= 0 && !refused;
    this.link.href = pageOf(page.address()) ?? "#";
    this.link.hidden = pageOf(page.address()) === undefined;
  }

  private older(hub: string): string {
    const { texts, page } = this;
    if (!this.copied) return texts.say("versions.older", page.extension, hub);
    const address = `${pageOf(page.address()) ?? ""}extension/tavernlink.git`;
    return texts.say("versions.older.copied", page.extension, hub, address);
  }

  /** Asked once, and only where it is needed: SillyTavern may ask the network for it. */
  private lookHowItCame(): void {
    if (this.copied !== undefined) return;
    this.copied = false;
    void this.page.isCopied().then((copied) => {
      this.copied = copied;
      if (copied) this.draw();
    });
  }
}

/** The hub's own page. */
export function pageOf(address: string): string | undefined {
  try {
    const { origin, path } = parseAddress(address);
    return origin + path.replace(/socket\.io\/$/, "");
  } catch {
    return undefined;
  }
}

/** Below 0: the first one is older. Understands `1.10`, `1.2.0rc1` and `1.2.0.dev3`, which come before `1.2.0`. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [parts(one), parts(other)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [left, right] = [a[index] ?? 0, b[index] ?? 0];
    if (left === right) continue;
    if (typeof left === "number" && typeof right === "number") return left - right;
    if (typeof left === "string" && typeof right === "string") return left < right ? -1 : 1;
    return typeof left === "string" ? -1 : 1;
  }
  return 0;
}

function parts(version: string): (number | string)[] {
  const found = version.split("+")[0]?.match(/\d+|[a-z]+/gi) ?? [];
  return found.map((part) => {
    if (/^\d/.test(part)) return Number(part);
    // Before all others, which stand in the order of the alphabet: a, b, rc.
    return part === "dev" ? "" : part.toLowerCase();
  });
}
