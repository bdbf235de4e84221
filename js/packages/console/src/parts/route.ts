/** A routing rule as the fields of its form hold it, and back. */

import type { Route, RouteAction, Target } from "@tavernlink/client";

export interface TargetTexts {
  way: "peer" | "peers" | "room" | "all";
  name: string;
  kind: "" | "app" | "tavern";
}

export interface RouteTexts {
  id: string;
  types: string;
  when: string;
  action: RouteAction;
  to: TargetTexts;
  as: string;
  function: string;
  args: string;
  note: string;
  enabled: boolean;
  order: number;
}

export const blankTarget = (): TargetTexts => ({ way: "peer", name: "", kind: "" });

export function textsOf(route?: Route): RouteTexts {
  const args = route?.args ?? {};
  return {
    id: route?.id ?? "",
    types: (route?.types ?? []).join(", "),
    when: route?.when ?? "",
    action: route?.action ?? "forward",
    to: targetTexts(route?.to),
    as: route?.as ?? "",
    function: route?.function ?? "",
    args: Object.keys(args).length === 0 ? "" : JSON.stringify(args, null, 2),
    note: route?.note ?? "",
    enabled: route?.enabled ?? true,
    order: route?.order ?? 0,
  };
}

/** The rule that the texts stand for; what its action has no use for is left out. Throws for arguments that are no JSON. */
export function routeOf(texts: RouteTexts): Route {
  const targeted = texts.action === "forward" || texts.action === "copy";
  const calls = texts.action === "call";
  const to = targetOf(texts.to);
  return {
    types: parts(texts.types, /[,\s]+/),
    action: texts.action,
    ...(texts.id.trim() === "" ? {} : { id: texts.id.trim() }),
    ...(texts.when.trim() === "" ? {} : { when: texts.when }),
    ...(targeted && to !== null ? { to } : {}),
    ...((targeted || texts.action === "rename") && texts.as.trim() !== "" ? { as: texts.as.trim() } : {}),
    ...(calls && texts.function.trim() !== "" ? { function: texts.function.trim() } : {}),
    ...(calls && texts.args.trim() !== "" ? { args: JSON.parse(texts.args) as Record<string, unknown> } : {}),
    ...(texts.note.trim() === "" ? {} : { note: texts.note.trim() }),
    ...(texts.enabled ? {} : { enabled: false }),
    ...(texts.order === 0 ? {} : { order: texts.order }),
  };
}

export function targetOf({ way, name, kind }: TargetTexts): Target | null {
  const narrowed = kind === "" ? {} : { kind };
  if (way === "all") return { all: true, ...narrowed };
  if (name.trim() === "") return null;
  return way === "peers" ? { peers: parts(name, ","), ...narrowed } : { [way]: name.trim(), ...narrowed };
}

function targetTexts(target?: Target): TargetTexts {
  const kind = target?.kind ?? "";
  if (target?.all === true) return { way: "all", name: "", kind };
  if (target?.peers !== undefined) return { way: "peers", name: target.peers.join(", "), kind };
  if (target?.room !== undefined) return { way: "room", name: target.room, kind };
  return { way: "peer", name: target?.peer ?? "", kind };
}

function parts(text: string, between: RegExp | string): string[] {
  return text
    .split(between)
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** The line of an expression with a mark below the place, both counted from 1. */
export function pointAt(text: string, line: number, column: number): string {
  const found = text.split("\n")[line - 1];
  if (found === undefined) return "";
  const start = Math.max(0, column - 40);
  const part = found.slice(start, column + 40);
  return `${start > 0 ? "…" : ""}${part}\n${" ".repeat(column - 1 - start + (start > 0 ? 1 : 0))}^`;
}
