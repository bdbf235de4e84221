/** STscript: SillyTavern's own parser and interpreter, under a guard. */

import type { ScriptRules } from "../scripts/rules.js";
import { context } from "./context.js";
import { HostError, throwIfCancelled } from "./failure.js";
import { loadModule } from "./library/server.js";
import { findQuickReply } from "./quick_replies.js";
import { isClosure, ScriptGuard, type STClosure, type STCommand } from "./script_guard.js";

interface STAbortController {
  abort(reason: string, quiet: boolean): void;
}

interface STParser {
  parse(
    text: string,
    verify?: boolean,
    flags?: unknown,
    abortController?: unknown,
    debugController?: unknown,
  ): STClosure;
}

interface STParserClass {
  new (): STParser;
  prototype: STParser;
  commands: Record<string, STCommand>;
}

interface STScriptResult {
  pipe?: unknown;
  isAborted?: boolean;
  isQuietlyAborted?: boolean;
  abortReason?: string;
  isError?: boolean;
  errorMessage?: string;
}

export interface ScriptResult {
  pipe: string;
  aborted: boolean;
  abort_reason: string | null;
  output: string[];
}

interface Modules {
  parser: STParserClass;
  abort: new () => STAbortController;
}

const FOLDER = "/scripts/slash-commands/";
const guards = new WeakMap<object, ScriptGuard>();
let modules: Promise<Modules> | undefined;

async function load(): Promise<Modules> {
  const [parser, abort] = await Promise.all([
    loadModule(`${FOLDER}SlashCommandParser.js`),
    loadModule(`${FOLDER}SlashCommandAbortController.js`),
  ]);
  const found = {
    parser: parser?.["SlashCommandParser"] as STParserClass | undefined,
    abort: abort?.["SlashCommandAbortController"] as Modules["abort"] | undefined,
  };
  if (typeof found.parser?.prototype.parse !== "function" || found.abort === undefined)
    throw new HostError("unsupported_backend", "This SillyTavern's STscript cannot be watched over.");
  watchParser(found.parser);
  return found as Modules;
}

/** From now on everything that is parsed for a script of ours is handed to its guard first. */
function watchParser({ prototype }: STParserClass): void {
  const parse = Reflect.get(prototype, "parse") as (this: STParser, ...args: unknown[]) => STClosure;
  prototype.parse = function (this: STParser, text, verify, flags, abortController, debugController) {
    const closure = parse.call(this, text, verify, flags, abortController, debugController);
    if (typeof abortController === "object" && abortController !== null)
      guards.get(abortController)?.take(closure);
    return closure;
  };
}

export interface KnownCommand {
  name: string;
  aliases: string[];
  allowed: boolean;
}

/** Every command of this SillyTavern, and whether scripts may use it. */
export async function listScriptCommands(rules: ScriptRules): Promise<KnownCommand[]> {
  modules ??= load();
  const { commands } = (await modules).parser;
  const seen = new Map<STCommand, string[]>();
  for (const [name, command] of Object.entries(commands))
    seen.set(command, [...(seen.get(command) ?? []), name]);
  return [...seen]
    .map(([command, names]) => ({
      name: command.name,
      aliases: names.filter((name) => name !== command.name).sort(),
      allowed: rules.forbids({ names, thirdParty: command.isThirdParty === true }) === undefined,
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/**
 * Run a script to its end. Rejects with `not_allowed` before anything of it has run where it holds a command that the
 * rules forbid, and with that too where one only comes up on the way; with `invalid_script` where it cannot be read.
 */
export async function runScript(
  text: string,
  rules: ScriptRules,
  signal: AbortSignal,
  macros: Readonly<Record<string, string>> = {},
): Promise<ScriptResult> {
  rules.checkOn();
  modules ??= load();
  const { parser: Parser, abort: Abort } = await modules;
  const abortController = new Abort();
  const guard = new ScriptGuard(
    rules,
    {
      commands: Parser.commands,
      parse: (source) => new Parser().parse(source),
      findQuickReply,
      variable: readVariable,
      layeredMacros: () => context().powerUserSettings["experimental_macro_engine"] !== true,
      breathe,
    },
    signal,
    () => {
      abortController.abort("not allowed", true);
    },
  );
  guards.set(abortController, guard);
  const cancel = (): void => {
    abortController.abort("cancelled", true);
  };
  signal.addEventListener("abort", cancel);
  try {
    const closure = read(Parser, text, abortController);
    for (const [name, value] of Object.entries(macros)) closure.scope?.setMacro?.(`arg::${name}`, value);
    const result = (await Promise.race([closure.execute(), aborted(signal)])) as STScriptResult;
    if (guard.refused !== undefined) throw guard.refused;
    throwIfCancelled(signal);
    if (result.isError === true)
      throw new HostError(
        "command_failed",
        `The script failed: ${result.errorMessage ?? "no reason given"}.`,
      );
    return {
      pipe: textOf(result.pipe),
      aborted: result.isAborted === true,
      abort_reason: result.isAborted === true ? (result.abortReason ?? "") : null,
      output: guard.shown,
    };
  } catch (thrown) {
    throw guard.refused ?? readable(thrown);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

function read(Parser: STParserClass, text: string, abortController: STAbortController): ScopedClosure {
  if (!text.trimStart().startsWith("/"))
    throw new HostError("invalid_script", "A script begins with a command: “/name …”.", { position: 0 });
  return new Parser().parse(text, true, null, abortController);
}

type ScopedClosure = STClosure & { scope?: { setMacro?(name: string, value: unknown): void } };

/** SillyTavern's errors: of reading (with a place), of running (with the command), or anything a command threw. */
function readable(thrown: unknown): Error {
  if (thrown instanceof HostError) return thrown;
  const error = thrown as Error & { index?: number; line?: number; column?: number; commandName?: string };
  const cause = error.cause;
  if (cause instanceof HostError) return cause;
  if (error.name === "SlashCommandParserError" || error.constructor.name === "SlashCommandParserError")
    return new HostError("invalid_script", `SillyTavern cannot read the script: ${error.message}`, {
      ...(error.index === undefined ? {} : { position: error.index }),
      ...(error.line === undefined ? {} : { line: error.line }),
      ...(error.column === undefined ? {} : { column: error.column }),
    });
  const { commandName } = error;
  return new HostError(
    "command_failed",
    `The script failed${commandName === undefined ? "" : ` at /${commandName}`}: ${error.message}`,
    commandName === undefined ? undefined : { command: commandName },
  );
}

function textOf(pipe: unknown): string {
  if (pipe === undefined || pipe === null) return "";
  if (typeof pipe === "string") return pipe;
  return isClosure(pipe) ? "[Closure]" : JSON.stringify(pipe);
}

function readVariable(name: string, global: boolean): unknown {
  const { chatMetadata, extensionSettings } = context();
  const home = global
    ? (extensionSettings["variables"] as { global?: unknown } | undefined)?.global
    : chatMetadata["variables"];
  return typeof home === "object" && home !== null ? (home as Record<string, unknown>)[name] : undefined;
}

function breathe(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => {
      reject(new HostError("cancelled", "The request was cancelled."));
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
