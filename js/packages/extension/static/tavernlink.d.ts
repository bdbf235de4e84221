/**
 * `globalThis.tavernlink`: what Tavernlink offers to other extensions and scripts of a SillyTavern page. From inside a
 * frame of the same page (scripts of Tavern Helper) it is `window.parent.tavernlink`.
 *
 * It is there as soon as SillyTavern has loaded its extensions; whoever may be earlier waits for the event
 * `tavernlink_ready` of SillyTavern's `eventSource`.
 */

export interface TavernlinkApi {
  /** Version of this interface, "1.0"; grows with what is added, its first number with what breaks. */
  readonly version: string;
  /** Id of this SillyTavern tab as the hub knows it. */
  readonly id: string;
  state(): { readonly name: "idle" | "connecting" | "online" | "waiting" | "refused" };

  /**
   * Makes a function callable through the hub: by apps, other tabs, the model. It stays over lost connections and may be
   * registered before there is one. One of the same name is replaced.
   */
  registerFunction(spec: FunctionSpec, handler: FunctionHandler): Registration;
  /** False: there was none of that name. */
  unregisterFunction(name: string): boolean;
  /** What is registered here. */
  functions(): FunctionSpec[];
  /** Calls a function: `roll`, `hub/roll`, `app:bot/roll`. Rejects with an `Error` that has a `code`. */
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<unknown>;

  /** Sends a message of a type of one's own to a peer, several, `"*"` or a target. */
  send(type: `x.${string}`, content: unknown, to: unknown): Promise<unknown>;
  /**
   * Hears messages of such a type or glob, or one of the events below. Returns the function that stops it. The same
   * events go over SillyTavern's `eventSource`, as `tavernlink_state` and so on.
   */
  on(
    types: `x.${string}`,
    listener: (message: { type: string; content: unknown; from: Caller }) => void,
  ): () => void;
  on<Name extends keyof TavernlinkEvents>(
    name: Name,
    listener: (event: TavernlinkEvents[Name]) => void,
  ): () => void;
}

export interface TavernlinkEvents {
  /** The connection came, went or is being tried. */
  state: { name: string; code?: string; message?: string };
  /** The functions that the model may be offered changed. */
  tools: { address: string; name: string; description: string }[];
  /** A function of this page begins to be carried out. */
  call: { callId: string; name: string; args: Record<string, unknown>; caller: Caller };
}

export interface FunctionSpec {
  /** Letters, digits, `_`, `.` and `-`. */
  name: string;
  /** What it does and when to use it; people and models read it. */
  description?: string;
  /** JSON Schema of the arguments, an object. The hub checks every call against it. */
  parameters?: Record<string, unknown>;
  /** JSON Schema of the result. */
  returns?: Record<string, unknown>;
  /** A name for people. */
  title?: string;
  /** Offer it to models as a tool. */
  tool?: boolean;
  /** With `tool`: the model's turn ends with the call; neither call nor result is shown, and no reply follows. */
  stealth?: boolean;
  /** Scopes that a caller's key needs besides `functions:call`. */
  scopes?: string[];
  /** Longest time of one call, in seconds. */
  timeout?: number;
  /** Calls that run at once; more wait in order. Default: one after another. */
  concurrency?: number;
  /** Calls that may wait; 0: what cannot run at once is refused. */
  queue?: number;
}

export interface Caller {
  kind: "app" | "tavern" | "rule" | "hub";
  id: string;
  name: string;
  role: string;
}

export interface Invocation {
  readonly callId: string;
  readonly caller: Caller;
  /** Seconds that are left. */
  readonly timeout: number;
  /** Aborted when the call was cancelled, its time is over or its caller is gone. */
  readonly signal: AbortSignal;
  readonly progress: (progress: number, total?: number, message?: string) => void;
  /** Calls another function from within this one. */
  readonly call: (name: string, args?: Record<string, unknown>, options?: CallOptions) => Promise<unknown>;
}

/**
 * Returns any JSON value, or a promise of it. `Blob`s, `File`s and byte arrays in it become files. What is thrown is
 * told to the caller; a `code` (like `not_found`) is kept.
 */
export type FunctionHandler = (args: Record<string, unknown>, invocation: Invocation) => unknown;

export interface Registration {
  readonly name: string;
  /** The hub's address of it, once there is a hub that took it. Rejects where the hub refuses it. */
  readonly ready: Promise<string>;
  unregister(): void;
}

export interface CallOptions {
  /** Id or name of who has the function, where its name alone does not say it. */
  provider?: string;
  /** Seconds until there is a result or the error `timeout`. */
  timeout?: number;
  /** Abort it to cancel the call. */
  signal?: AbortSignal;
  onProgress?: (progress: { progress: number; total?: number; message?: string }) => void;
}

declare global {
  var tavernlink: TavernlinkApi;
}
