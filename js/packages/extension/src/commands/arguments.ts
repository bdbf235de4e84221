/** Reading a command's arguments: they were checked by the hub, but this page trusts nobody with its types. */

import { HostError } from "../host/failure.js";

export type Arguments = Record<string, unknown>;

function invalid(name: string, wanted: string): never {
  throw new HostError("invalid_message", `The command's argument “${name}” must be ${wanted}.`, {
    argument: name,
  });
}

export function asArguments(args: unknown): Arguments {
  if (args === undefined || args === null) return {};
  if (typeof args !== "object" || Array.isArray(args)) invalid("args", "an object");
  return args as Arguments;
}

export function text(args: Arguments, name: string): string {
  const value = args[name];
  return typeof value === "string" ? value : invalid(name, "a text");
}

export function optionalText(args: Arguments, name: string): string | undefined {
  const value = args[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : invalid(name, "a text");
}

export function flag(args: Arguments, name: string, otherwise: boolean): boolean {
  const value = args[name];
  if (value === undefined || value === null) return otherwise;
  return typeof value === "boolean" ? value : invalid(name, "true or false");
}

export function count(args: Arguments, name: string, otherwise?: number): number {
  const value = args[name] ?? otherwise;
  return Number.isInteger(value) && (value as number) >= 0
    ? (value as number)
    : invalid(name, "a number from 0 on");
}

export function record(args: Arguments, name: string): Record<string, unknown> {
  const value = args[name];
  if (value === undefined || value === null) return {};
  return typeof value === "object" && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : invalid(name, "an object");
}

export function list(args: Arguments, name: string): Record<string, unknown>[] {
  const value = args[name];
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === "object" && item !== null)) {
    return value as Record<string, unknown>[];
  }
  return invalid(name, "a list of objects");
}

/** Throws `unsupported_parameter` for every argument that is set and not among `known`. */
export function only(args: Arguments, known: readonly string[]): void {
  for (const [name, value] of Object.entries(args)) {
    const empty = value === null || (typeof value === "object" && Object.keys(value).length === 0);
    if (value === undefined || empty || known.includes(name)) continue;
    throw new HostError("unsupported_parameter", `“${name}” cannot be honoured here.`, { parameter: name });
  }
}
