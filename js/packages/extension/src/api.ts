/**
 * `globalThis.tavernlink`: the extension as other extensions and scripts of the page see it. Its types, for them, are in
 * static/tavernlink.d.ts; what it tells goes over SillyTavern's own event bus too, where Tavern Helper's scripts listen.
 */

import type { ConnectionState, FunctionInvoke } from "@tavernlink/client";

import type { TavernlinkApi, TavernlinkEvents } from "../static/tavernlink.js";
import type { Calls } from "./functions/calls.js";
import type { FunctionRegistry } from "./functions/registry.js";
import type { Messages } from "./messages.js";
import type { Tools } from "./tools/tools.js";

export const API_VERSION = "1.0";

export interface ApiParts {
  id: () => string;
  state: () => ConnectionState;
  onState(listener: (state: ConnectionState) => void): void;
  registry: FunctionRegistry;
  calls: Calls;
  messages: Messages;
  tools: Tools;
  /** SillyTavern's `eventSource`. */
  emit(event: string, content: unknown): void;
  report(error: unknown): void;
}

type Listener = (event: never) => void;

export class Api {
  readonly view: TavernlinkApi;
  private readonly listeners = new Map<string, Set<Listener>>();

  constructor(private readonly parts: ApiParts) {
    const { registry, calls, messages, tools } = parts;
    this.view = {
      version: API_VERSION,
      get id() {
        return parts.id();
      },
      state: () => parts.state(),
      registerFunction: (spec, handler) => registry.register(spec, handler),
      unregisterFunction: (name) => registry.unregister(name),
      functions: () => registry.specs,
      call: (name, args, options) => calls.call(name, args, options),
      send: (type, content, to) => messages.send(type, content, to as never),
      on: (name: string, listener: Listener) =>
        name.startsWith("x.")
          ? messages.on(name as `x.${string}`, listener as never)
          : this.on(name, listener),
    };
    parts.onState((state) => {
      const { name, code, message } = state as { name: string; code?: string; message?: string };
      this.tell("state", {
        name,
        ...(code === undefined ? {} : { code }),
        ...(message === undefined ? {} : { message }),
      });
    });
    tools.onChange(() => {
      this.tell(
        "tools",
        tools.all.map(({ address, name, description }) => ({ address, name, description })),
      );
    });
  }

  /** It is in its place. */
  ready(): void {
    this.parts.emit("tavernlink_ready", { version: API_VERSION });
  }

  receiveInvoke({ call_id: callId, name, args, caller }: FunctionInvoke): void {
    this.tell("call", { callId, name, args, caller });
  }

  private tell<Name extends keyof TavernlinkEvents>(name: Name, event: TavernlinkEvents[Name]): void {
    this.parts.emit(`tavernlink_${name}`, event);
    for (const listener of [...(this.listeners.get(name) ?? [])]) {
      try {
        listener(event as never);
      } catch (error) {
        this.parts.report(error);
      }
    }
  }

  private on(name: string, listener: Listener): () => void {
    const all = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, all);
    // A wrapper of its own: the same function twice is two listeners.
    const own: Listener = (event) => {
      listener(event);
    };
    all.add(own);
    return () => {
      all.delete(own);
    };
  }
}
