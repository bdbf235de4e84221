/** One tavern as an app talks to it; what is asked of it goes through its hub's `request`. */

import type { Generation } from "./generation.js";
import type { Commands } from "./generated/commands.js";
import type {
  ChatGet,
  ChatSend,
  ChatView,
  CommandInfo,
  CommandRun,
  Context,
  Generate,
} from "./generated/protocol.js";
import type { Hub } from "./hub.js";

export type RunOptions = Omit<CommandRun, "name" | "args" | "tavern">;

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

  /** Run a command by its name: `await tavern.run("message.edit", { index: 1, text: "Well met." })`. */
  run<Name extends keyof Commands>(
    name: Name,
    args: Commands[Name]["args"],
    options: RunOptions = {},
  ): Promise<Commands[Name]["result"]> {
    return this.command(name, args, options).result;
  }

  /** As `run`, to cancel it or to read the text that it generates while it comes. */
  command<Name extends keyof Commands>(
    name: Name,
    args: Commands[Name]["args"],
    options: RunOptions = {},
  ): Generation<Commands[Name]["result"]> {
    const content = { ...options, ...this.where, name, args: { ...args } as Record<string, unknown> };
    return this.hub.generation<"command.run", Commands[Name]["result"]>("command.run", content);
  }

  /** Every command with the schemas of its arguments and result, and whether this tavern can do it. */
  commands(): Promise<CommandInfo[]> {
    return this.hub.request("command.list", this.where);
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
