/**
 * Watches over one script: every command that SillyTavern's own parser finds in it is checked before anything runs, and
 * again when it is about to run, with what its arguments have become.
 *
 * Scripts run other scripts: closures, texts given to /if and /times, quick replies, closures read from a text. All of
 * these are parsed on the way, with the abort controller of the script that they belong to, so the parser is asked to
 * hand over everything that comes with ours (`watchParser`). What is found then gets commands of our own in the places
 * of SillyTavern's, which look once more and do as they did.
 */

import { HostError, throwIfCancelled } from "./failure.js";
import { MAKING_COMMANDS } from "../scripts/names.js";
import { refuseCommand, refuseMacro, type CommandFacts, type ScriptRules } from "../scripts/rules.js";

export interface STCommand {
  name: string;
  aliases?: string[];
  isThirdParty?: boolean;
  namedArgumentList?: { name: string; defaultValue?: unknown }[];
  callback?: (args: ScriptArguments, value: unknown) => unknown;
}

export interface STScope {
  existsVariable?(name: string): boolean;
  getVariable?(name: string): unknown;
}

export type ScriptArguments = Record<string, unknown> & { _scope?: STScope };

interface Assignment {
  name?: string;
  value: unknown;
}

export interface STExecutor {
  name: string;
  command?: STCommand;
  start?: number;
  namedArgumentList: Assignment[];
  unnamedArgumentList: Assignment[];
}

export interface STClosure {
  executorList: STExecutor[];
  argumentList: Assignment[];
  providedArgumentList: Assignment[];
  execute(): Promise<unknown>;
  getCopy(): STClosure;
  substituteParams(text: string, scope?: unknown): unknown;
}

export interface QuickReplyText {
  message: string;
  /** It is run as a script, not typed as a message. */
  script: boolean;
}

export interface ScriptSurroundings {
  commands: Readonly<Record<string, STCommand | undefined>>;
  /** SillyTavern's parser, for texts that a script would run. Throws where they cannot be read. */
  parse(text: string): STClosure;
  findQuickReply(name: string): QuickReplyText | undefined;
  /** The value of a variable of the chat, or of all chats. */
  variable(name: string, global: boolean): unknown;
  /** Macros are replaced one kind after the other: SillyTavern's older engine. */
  layeredMacros(): boolean;
  /** Lets the page live. */
  breathe(): Promise<void>;
}

/** So that a loop in a script cannot freeze the page. */
const STEPS_BETWEEN_BREATHS = 100;
const MOST_STEPS = 200_000;
const SHOWN = /^\s*(chat|popup|toast)/i;
/** Their arguments are texts to run. */
const RUNS_TEXT: ReadonlySet<string> = new Set(["if", "while", "times"]);

export class ScriptGuard {
  /** The first thing that was refused: what the script ends with, whatever SillyTavern makes of it. */
  refused: HostError | undefined;
  /** What the script showed to the person. */
  readonly shown: string[] = [];
  private readonly taken = new WeakSet<STClosure>();
  private readonly looked = new Set<string>();
  private steps = 0;

  constructor(
    private readonly rules: ScriptRules,
    private readonly page: ScriptSurroundings,
    private readonly signal: AbortSignal,
    private readonly onRefusal: () => void = () => undefined,
  ) {}

  /** Check a closure and everything in it, then put ours in the place of its commands. Throws `not_allowed`. */
  take(closure: STClosure): void {
    if (this.taken.has(closure)) return;
    this.look(closure, lettersOf(closure));
    this.dress(closure);
  }

  private look(closure: STClosure, own: ReadonlySet<string>): void {
    for (const { value } of [...closure.argumentList, ...closure.providedArgumentList])
      this.lookAt(value, own);
    for (const executor of closure.executorList) {
      this.checkCommand(executor.command, executor.name, executor.start);
      for (const { value } of [...executor.namedArgumentList, ...executor.unnamedArgumentList])
        this.lookAt(value, own);
      this.lookAtText(executor, own);
    }
  }

  private lookAt(value: unknown, own: ReadonlySet<string>): void {
    if (isClosure(value)) this.look(value, own);
    else if (typeof value === "string") this.checkMacros(value);
  }

  /** A text that this command would run, as far as it is known before. */
  private lookAtText(executor: STExecutor, own: ReadonlySet<string>): void {
    const name = executor.command?.name ?? "";
    const values = executor.unnamedArgumentList.map(({ value }) => value);
    const [first] = values;
    if (RUNS_TEXT.has(name)) {
      const rest = name === "times" ? values.slice(1) : values;
      if (rest.every((value) => typeof value === "string")) this.lookAtSource(rest.join(" "), own);
      const otherwise = executor.namedArgumentList.find((argument) => argument.name === "else")?.value;
      if (typeof otherwise === "string") this.lookAtSource(otherwise, own);
    } else if (name === "closure-deserialize" && typeof first === "string") {
      this.lookAtSource(first, own);
    } else if (name === "run" && typeof first === "string" && !own.has(first.trim())) {
      this.lookAtQuickReply(first, own);
    } else if (name === "import") {
      const from = executor.namedArgumentList.find((argument) => argument.name === "from")?.value;
      if (typeof from === "string") this.lookAtQuickReply(from, own);
    }
  }

  private lookAtSource(text: string, own: ReadonlySet<string>): void {
    const source = text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
    if (source.trim() === "" || this.looked.has(source)) return;
    this.looked.add(source);
    let closure: STClosure;
    try {
      closure = this.page.parse(source);
    } catch {
      // What cannot be read (yet: it may hold macros) is read once more when it is to run.
      return;
    }
    this.look(closure, new Set([...own, ...lettersOf(closure)]));
  }

  private lookAtQuickReply(name: string, own: ReadonlySet<string>): void {
    const reply = this.page.findQuickReply(name.trim());
    if (reply === undefined) return;
    if (reply.script) this.lookAtSource(reply.message, own);
    // Anything else is typed into the text box and sent.
    else this.checkCommand(this.page.commands["send"], "send");
  }

  private dress(closure: STClosure): void {
    if (this.taken.has(closure)) return;
    this.taken.add(closure);
    this.dressMethods(closure);
    for (const { value } of [...closure.argumentList, ...closure.providedArgumentList])
      if (isClosure(value)) this.dress(value);
    for (const executor of closure.executorList) {
      for (const { value } of [...executor.namedArgumentList, ...executor.unnamedArgumentList])
        if (isClosure(value)) this.dress(value);
      if (executor.command !== undefined) executor.command = this.guarded(executor.command, executor.name);
    }
  }

  /** SillyTavern runs a copy of a closure, and copies of that; the copies are ours as well. */
  private dressMethods(closure: STClosure): void {
    const execute = closure.execute.bind(closure);
    const getCopy = closure.getCopy.bind(closure);
    const substituteParams = closure.substituteParams.bind(closure);
    closure.execute = async () => {
      await this.step();
      return execute();
    };
    closure.getCopy = () => {
      const copy = getCopy();
      this.taken.add(copy);
      this.dressMethods(copy);
      return copy;
    };
    closure.substituteParams = (text, scope) => {
      if (typeof text === "string") this.checkMacros(text);
      return substituteParams(text, scope);
    };
  }

  private guarded(command: STCommand, used: string): STCommand {
    const guarded = Object.create(command) as STCommand;
    guarded.callback = async (args: ScriptArguments, value: unknown): Promise<unknown> => {
      await this.step();
      this.checkCommand(command, used);
      this.checkCall(command, used, args, value);
      const result: unknown = await command.callback?.call(command, args, value);
      if (isClosure(result)) this.take(result);
      return result;
    };
    return guarded;
  }

  private checkCommand(command: STCommand | undefined, used: string, start?: number): void {
    const rule = this.rules.forbids(this.facts(command, used));
    if (rule === undefined) return;
    const at = start === undefined ? {} : { position: Math.max(0, start - 1) };
    this.refuse(refuseCommand(rule, used, at));
  }

  private facts(command: STCommand | undefined, used: string): CommandFacts {
    if (command === undefined) return { names: [used], thirdParty: false };
    const { commands } = this.page;
    // An alias may by now be another command's name: only names that lead here count.
    const names = [command.name, ...(command.aliases ?? [])].filter((name) => commands[name] === command);
    return { names: names.length > 0 ? names : [command.name], thirdParty: command.isThirdParty === true };
  }

  /** What only shows when the arguments have their values. */
  private checkCall(command: STCommand, used: string, args: ScriptArguments, value: unknown): void {
    const values = [...Object.entries(args)]
      .filter(([name]) => !name.startsWith("_"))
      .map(([, given]) => given);
    for (const given of [...values, value].flat()) {
      if (isClosure(given)) this.take(given);
      // SillyTavern replaces macros once more in what is sent, shown or generated from.
      else if (typeof given === "string" && !this.rules.quiet) this.checkMacros(given);
    }
    const { name } = command;
    if (name === "echo" && typeof value === "string") this.shown.push(value);
    if (name === "run" && typeof value === "string") this.checkRun(value, args);
    if (name === "import" && typeof args["from"] === "string") this.lookAtQuickReply(args["from"], new Set());
    if (name === "setinput" && !this.rules.unlimited && String(value).trimStart().startsWith("/"))
      this.refuse(refuseCommand("types_command", used));
    if (this.rules.quiet) this.checkReading(command, used, args);
  }

  private checkRun(target: string, args: ScriptArguments): void {
    const scope = args._scope;
    if (scope?.existsVariable?.(target) === true) {
      const found = scope.getVariable?.(target);
      if (isClosure(found)) this.take(found);
      return;
    }
    this.lookAtQuickReply(target, new Set());
  }

  /** What makes a reading command more than that. */
  private checkReading(command: STCommand, used: string, args: ScriptArguments): void {
    const usual = command.namedArgumentList?.find(({ name }) => name === "return")?.defaultValue;
    const where = [args["return"] ?? usual, usual === undefined ? undefined : args["format"]];
    if (where.some((place) => typeof place === "string" && SHOWN.test(place)))
      this.refuse(refuseCommand("shows_elsewhere", used));
    const makes = MAKING_COMMANDS[command.name];
    const create = args["create"];
    const made = makes === "unless" ? !isNo(create) : makes === "if" && create !== undefined && !isNo(create);
    if (made) this.refuse(refuseCommand("makes_something", used));
  }

  private checkMacros(text: string): void {
    if (!text.includes("{{")) return;
    const layered = this.page.layeredMacros();
    const macro =
      this.rules.forbiddenMacro(text, layered) ??
      (layered ? this.rules.forbiddenMacro(this.withVariables(text), layered) : undefined);
    if (macro !== undefined) this.refuse(refuseMacro(macro));
  }

  private withVariables(text: string): string {
    return text.replaceAll(/\{\{get(global)?var::([^{}]*)\}\}/gi, (_whole, global: unknown, name: string) => {
      const value = this.page.variable(name.trim(), global !== undefined);
      return typeof value === "string" ? value : "";
    });
  }

  private async step(): Promise<void> {
    if (this.refused !== undefined) throw this.refused;
    throwIfCancelled(this.signal);
    this.steps += 1;
    if (this.steps > MOST_STEPS)
      throw new HostError("command_failed", `The script did not end after ${MOST_STEPS} steps.`);
    if (this.steps % STEPS_BETWEEN_BREATHS === 0) {
      await this.page.breathe();
      throwIfCancelled(this.signal);
    }
  }

  private refuse(error: HostError): never {
    this.refused ??= error;
    this.onRefusal();
    throw error;
  }
}

export function isClosure(value: unknown): value is STClosure {
  return (
    typeof value === "object" &&
    value !== null &&
    Array.isArray((value as Partial<STClosure>).executorList) &&
    typeof (value as Partial<STClosure>).execute === "function"
  );
}

function isNo(value: unknown): boolean {
  return typeof value === "string" && /^\s*(off|false|0)\s*$/i.test(value);
}

/** Names under which this closure and those in it keep things: what /run may mean other than a quick reply. */
function lettersOf(closure: STClosure, found = new Set<string>()): Set<string> {
  for (const { name, value } of closure.argumentList) {
    if (name !== undefined) found.add(name);
    if (isClosure(value)) lettersOf(value, found);
  }
  for (const { command, namedArgumentList, unnamedArgumentList } of closure.executorList) {
    const values = [...namedArgumentList, ...unnamedArgumentList].map(({ value }) => value);
    for (const value of values) if (isClosure(value)) lettersOf(value, found);
    if (command?.name !== "let" && command?.name !== "var" && command?.name !== "import") continue;
    for (const value of values) if (typeof value === "string") found.add(value.trim().split(/\s/)[0] ?? "");
  }
  return found;
}
