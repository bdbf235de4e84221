/**
 * The model's tools: functions that the hub knows, and that are marked `tool`, offered to SillyTavern's function calling.
 *
 * What is there is kept by `function.list` once for each session and `functions.changed` after it. What is offered in a
 * generation is asked again each time (`shouldRegister`): the person's choice, and whether the function can be reached.
 * A call always ends, with a result or an error text, since SillyTavern's turn waits for it.
 */

import type { ConnectionState, FunctionInfo, FunctionsChanged, Outcome } from "@tavernlink/client";

import type { Calls } from "../functions/calls.js";
import type { FilePart } from "../functions/files.js";
import type { STFunctionTool } from "../host/context.js";
import type { Log } from "../log.js";
import { answerOf, failureOf } from "./answer.js";
import { titleOf, type ToolChoice } from "./choice.js";
import { ToolNames } from "./names.js";
import type { Shown, ToolRound } from "./round.js";

export interface ToolsLine {
  readonly state: ConnectionState;
  onState(listener: (state: ConnectionState) => void): void;
  ask(type: "function.list", content: { tool: boolean }): Promise<Outcome>;
}

/** SillyTavern's own list of tools. */
export interface ToolShelf {
  register(tool: STFunctionTool): void;
  unregister(name: string): void;
  /** Names of all that are on it. */
  names(): ReadonlySet<string>;
}

/** The hub's own, where the function says none. */
const DEFAULT_SECONDS = 60;
const ANY_ARGUMENTS = { type: "object", properties: {} };

export class Tools {
  private readonly known = new Map<string, FunctionInfo>();
  /** Address → name on the shelf. */
  private readonly shelved = new Map<string, string>();
  private readonly names: ToolNames;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly line: ToolsLine,
    private readonly calls: Pick<Calls, "call">,
    private readonly shelf: ToolShelf,
    private readonly choice: ToolChoice,
    private readonly round: ToolRound,
    private readonly upload: (images: readonly FilePart[]) => Promise<Shown[]>,
    private readonly log: Log,
  ) {
    this.names = new ToolNames(() => shelf.names());
    line.onState(({ name }) => {
      if (name === "idle" || name === "refused") this.keep([]);
    });
  }

  /** All that could be offered, by address. */
  get all(): FunctionInfo[] {
    return [...this.known.values()].sort((one, other) => (one.address < other.address ? -1 : 1));
  }

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** A new session with the hub. */
  async restart(): Promise<void> {
    const outcome = await this.line.ask("function.list", { tool: true });
    if (outcome.ok) this.keep(outcome.result as FunctionInfo[]);
    else if (outcome.error.code !== "disconnected") {
      this.keep([]);
      this.log.add("warning", `No tools: ${outcome.error.code}: ${outcome.error.message}`);
    }
  }

  receiveChanged({ functions = [], removed = [] }: FunctionsChanged): void {
    const now = new Map(this.known);
    for (const address of removed) now.delete(address);
    for (const info of functions) {
      if (info.tool) now.set(info.address, info);
      else now.delete(info.address);
    }
    this.keep([...now.values()]);
  }

  private keep(functions: readonly FunctionInfo[]): void {
    const wanted = new Map(
      functions.filter((info) => this.isOffered(info)).map((info) => [info.address, info]),
    );
    for (const [address, name] of this.shelved) {
      if (wanted.has(address)) continue;
      this.shelf.unregister(name);
      this.shelved.delete(address);
      this.names.release(address);
    }
    for (const [address, info] of wanted) {
      const before = this.known.get(address);
      if (this.shelved.has(address) && JSON.stringify(before) === JSON.stringify(info)) continue;
      const name = this.names.nameOf(info);
      this.shelf.register(this.toolOf(name, info));
      this.shelved.set(address, name);
    }
    this.known.clear();
    for (const [address, info] of wanted) this.known.set(address, info);
    for (const listener of this.listeners) listener();
  }

  /** Another SillyTavern's functions are its own business. */
  private isOffered({ provider }: FunctionInfo): boolean {
    const { state } = this.line;
    return provider.kind !== "tavern" || (state.name === "online" && provider.id === state.welcome.id);
  }

  private toolOf(name: string, info: FunctionInfo): STFunctionTool {
    const shown = titleOf(info);
    const { parameters } = info;
    return {
      name,
      displayName: shown,
      description: info.description,
      parameters: Object.keys(parameters).length > 0 ? parameters : ANY_ARGUMENTS,
      action: (args) => this.carryOut(info, args),
      formatMessage: () => `${shown}…`,
      shouldRegister: () => {
        const now = this.known.get(info.address);
        return (
          now !== undefined &&
          now.provider.online &&
          this.line.state.name === "online" &&
          this.choice.allows(now)
        );
      },
      stealth: info.stealth,
    };
  }

  /** Never rejects: an error is a text for the model, in every version of SillyTavern. */
  private async carryOut(info: FunctionInfo, given: unknown): Promise<string> {
    const call = this.round.begin();
    const args = typeof given === "object" && given !== null ? (given as Record<string, unknown>) : {};
    try {
      const result = await this.calls.call(info.address, args, {
        timeout: info.timeout ?? DEFAULT_SECONDS,
        signal: call.signal,
      });
      const { text, images } = answerOf(result);
      if (images.length > 0) this.round.show(await this.upload(images));
      return text;
    } catch (thrown) {
      this.log.add("warning", `Tool ${info.address}: ${failureOf(thrown)}`);
      return failureOf(thrown);
    } finally {
      this.round.end(call);
    }
  }
}
