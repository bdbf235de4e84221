/** One tavern as an app talks to it; what is asked of it goes through its hub's `request`. */

import type { Generation } from "./generation.js";
import type { ChatGet, ChatSend, ChatView, Context, Generate } from "./generated/protocol.js";
import type { Hub } from "./hub.js";

export class Tavern {
  /** `tavern`: id or name; absent: the default tavern. */
  constructor(
    private readonly hub: Hub,
    readonly tavern?: string,
  ) {}

  private get where(): { tavern?: string } {
    return this.tavern === undefined ? {} : { tavern: this.tavern };
  }

  /** Send a message into the open chat; gives the reply as it is generated. */
  send(text: string, options: Omit<ChatSend, "text" | "tavern"> = {}): Generation {
    return this.hub.generation("chat.send", { ...options, ...this.where, text });
  }

  /** Generate without a message: reply, regenerate, swipe, continue, quiet, raw, detached, … */
  generate(options: Omit<Generate, "tavern"> = {}): Generation {
    return this.hub.generation("generate", { ...options, ...this.where });
  }

  chat(options: Omit<ChatGet, "tavern"> = {}): Promise<ChatView> {
    return this.hub.request("chat.get", { ...options, ...this.where });
  }

  context(last = 10): Promise<Context> {
    return this.hub.request("context.get", { last, ...this.where });
  }

  /** Press Stop in SillyTavern, whoever started the generation. */
  async stop(): Promise<boolean> {
    return (await this.hub.request("generation.stop", this.where))["stopped"] === true;
  }
}
