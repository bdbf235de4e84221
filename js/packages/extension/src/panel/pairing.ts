/** The part of the drawer that shows a pairing code. */

import type { Template } from "./template.js";
import type { Texts } from "./texts.js";
import { pair, type Ending, type PairingDeps } from "../pairing/pairing.js";

export class PairingPanel {
  private readonly box: HTMLElement;
  private readonly code: HTMLElement;
  private readonly text: HTMLElement;
  private running: AbortController | undefined;
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor(
    template: Template,
    private readonly texts: Texts,
    private readonly deps: PairingDeps,
    /** The key of the one pairing that was approved. */
    private readonly paired: (key: string) => void,
  ) {
    this.box = template.part("pairing");
    this.code = template.part("pairing-code");
    this.text = template.part("pairing-text");
    template.id("pairing_cancel").addEventListener("click", () => {
      this.stop();
    });
  }

  /** Ask the hub at this address for a code; one that is shown already goes. */
  async start(address: string, name: string): Promise<void> {
    this.stop();
    const running = new AbortController();
    this.running = running;
    this.draw("", this.texts.say("pairing.asking"));
    const ending = await pair(address, name, this.deps, running.signal, ({ code, seconds }) => {
      const end = this.deps.now() + seconds * 1000;
      const tell = (): void => {
        const left = Math.max(0, Math.ceil((end - this.deps.now()) / 1000));
        const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
        this.draw(code, this.texts.say("pairing.show", code, clock));
      };
      tell();
      this.ticking = setInterval(tell, 1000);
    });
    if (this.running !== running) return;
    this.running = undefined;
    clearInterval(this.ticking);
    this.end(ending);
  }

  /** No code is shown any more. */
  stop(): void {
    this.running?.abort();
    this.running = undefined;
    clearInterval(this.ticking);
    this.box.hidden = true;
  }

  private end(ending: Ending): void {
    if (ending.state === "approved") {
      this.box.hidden = true;
      this.paired(ending.key);
    } else if (ending.state === "failed") {
      this.draw("", this.texts.error(ending.code, ending.message));
    } else if (ending.state !== "cancelled") {
      this.draw("", this.texts.say(`pairing.${ending.state}`));
    }
  }

  private draw(code: string, text: string): void {
    this.box.hidden = false;
    // The code is read out once (it is an output), not the time that is left of it.
    this.box.ariaLive = code === "" ? "polite" : "off";
    this.code.textContent = code;
    this.text.textContent = text;
  }
}
