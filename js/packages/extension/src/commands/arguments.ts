/** Reading a command's arguments: they were checked by the hub, but this page trusts nobody with its types. */

import type { File } from "@tavernlink/client";

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

export function optionalCount(args: Arguments, name: string): number | undefined {
  const value = args[name];
  return value === undefined || value === null ? undefined : count(args, name);
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

export function numbers(args: Arguments, name: string): number[] {
  const value = args[name];
  if (value === undefined || value === null) return [];
  return Array.isArray(value) && value.every((item): item is number => Number.isInteger(item) && item >= 0)
    ? value
    : invalid(name, "a list of numbers from 0 on");
}

export function files(args: Arguments, name: string): File[] {
  return list(args, name).map((item) => {
    const [title, type, data] = [item["name"], item["type"], item["data"]];
    return typeof title === "string" && typeof type === "string" && typeof data === "string"
      ? { name: title, type: type.toLowerCase(), data }
      : invalid(name, "files with name, type and data");
  });
}

export function file(args: Arguments, name: string): File | undefined {
  const value = args[name];
  return value === undefined || value === null ? undefined : files({ [name]: [value] }, name)[0];
}

/** Throws `unsupported_parameter` for every argument that is set and not among `known`. */
export function only(args: Arguments, known: readonly string[]): void {
  for (const [name, value] of Object.entries(args)) {
    const empty = value === null || (typeof value === "object" && Object.keys(value).length === 0);
    if (value === undefined || empty || known.includes(name)) continue;
    throw new HostError("unsupported_parameter", `“${name}” cannot be honoured here.`, { parameter: name });
  }
}

/** One of a few words. */
export function choice<Choice extends string>(
  args: Arguments,
  name: string,
  choices: readonly Choice[],
  otherwise?: Choice,
): Choice {
  const value = args[name] ?? otherwise;
  const found = choices.find((one) => one === value);
  return found ?? invalid(name, `one of ${choices.join(", ")}`);
}

export function optionalChoice<Choice extends string>(
  args: Arguments,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  return isAbsent(args[name]) ? undefined : choice(args, name, choices);
}

export function optionalFlag(args: Arguments, name: string): boolean | undefined {
  return isAbsent(args[name]) ? undefined : flag(args, name, false);
}

export function optionalInteger(args: Arguments, name: string): number | undefined {
  const value = args[name];
  if (isAbsent(value)) return undefined;
  return Number.isInteger(value) ? (value as number) : invalid(name, "a whole number");
}

export function texts(args: Arguments, name: string): string[] {
  return optionalTexts(args, name) ?? [];
}

export function optionalTexts(args: Arguments, name: string): string[] | undefined {
  const value = args[name];
  if (isAbsent(value)) return undefined;
  const all = Array.isArray(value) && value.every((item): item is string => typeof item === "string");
  return all ? value : invalid(name, "a list of texts");
}

/** An object whose values are texts. */
export function textRecord(args: Arguments, name: string): Record<string, string> {
  const found = record(args, name);
  const all = Object.values(found).every((item) => typeof item === "string");
  return all ? (found as Record<string, string>) : invalid(name, "an object of texts");
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}
