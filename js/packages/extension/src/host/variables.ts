/** Variables of STscript, where SillyTavern keeps them: in the chat's metadata, and in the settings of its extensions. */

import { checkOpen } from "./chat.js";
import { context } from "./context.js";
import { HostError } from "./failure.js";
import { saveSettings } from "./library/server.js";
import { saveChat } from "./saves.js";

export type VariableScope = "chat" | "global";
type Store = Record<string, unknown>;

function store(scope: VariableScope): Store {
  if (scope === "chat") {
    checkOpen();
    return kept(context().chatMetadata, "variables");
  }
  return kept(kept(context().extensionSettings, "variables"), "global");
}

function kept(home: Store, name: string): Store {
  const found = home[name];
  if (typeof found === "object" && found !== null) return found as Store;
  const made: Store = {};
  home[name] = made;
  return made;
}

async function save(scope: VariableScope): Promise<void> {
  await (scope === "chat" ? saveChat() : saveSettings());
}

export function listVariables(scope: VariableScope): [string, unknown][] {
  return Object.entries(store(scope)).map(([name, value]) => [name, read(value)]);
}

export function getVariable(scope: VariableScope, name: string): unknown {
  const variables = store(scope);
  if (Object.hasOwn(variables, name)) return read(variables[name]);
  throw new HostError("unknown_variable", `There is no variable “${name}”.`, { name, scope });
}

export async function setVariable(scope: VariableScope, name: string, value: unknown): Promise<unknown> {
  checkName(name);
  store(scope)[name] = keep(value);
  await save(scope);
  return getVariable(scope, name);
}

export async function incrementVariable(scope: VariableScope, name: string, by: number): Promise<unknown> {
  checkName(name);
  const variables = store(scope);
  const before = Object.hasOwn(variables, name) ? variables[name] : 0;
  const number = typeof before === "string" && before.trim() === "" ? 0 : Number(before);
  if (!Number.isFinite(number))
    throw new HostError("not_a_number", `The variable “${name}” holds no number.`, { name, scope });
  variables[name] = number + by;
  await save(scope);
  return variables[name];
}

export async function deleteVariable(scope: VariableScope, name: string): Promise<void> {
  getVariable(scope, name);
  Reflect.deleteProperty(store(scope), name);
  await save(scope);
}

/** SillyTavern keeps lists and objects as texts. */
function keep(value: unknown): unknown {
  if (typeof value === "string" || typeof value === "number") return value;
  return value === null || value === undefined ? "" : JSON.stringify(value);
}

function read(value: unknown): unknown {
  if (typeof value !== "string") return value ?? "";
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function checkName(name: string): void {
  if (name !== "__proto__" && name.trim() !== "") return;
  throw new HostError("invalid_message", "A variable needs a name.", { argument: "name" });
}
