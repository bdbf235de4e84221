/** Quick replies: the person's own buttons, each a text that is run as a script or typed into the text box. */

import { HostError } from "./failure.js";
import type { QuickReplyText } from "./script_guard.js";

interface STQuickReply {
  id: number;
  label?: string;
  title?: string;
  message?: string;
  isHidden?: boolean;
  execute(args: Record<string, unknown>, editor: boolean, run: boolean, options: object): Promise<unknown>;
}

interface STQuickReplySet {
  name: string;
  disableSend?: boolean;
  qrList: STQuickReply[];
}

interface STSetLink {
  set?: STQuickReplySet;
  isVisible?: boolean;
}

interface STQuickReplyApi {
  settings: {
    config?: { setList?: STSetLink[] };
    chatConfig?: { setList?: STSetLink[] } | null;
    charConfig?: { setList?: STSetLink[] } | null;
  };
  listSets(): string[];
  getSetByName(name: string): STQuickReplySet | undefined;
}

export interface QuickReplySetInfo {
  name: string;
  replies: number;
  /** Where its buttons stand: with every chat, with this one, with this character. */
  active: ("global" | "chat" | "character")[];
}

export interface QuickReplyInfo {
  set: string;
  label: string;
  title: string;
  text: string;
  hidden: boolean;
}

function api(): STQuickReplyApi | undefined {
  return (globalThis as { quickReplyApi?: STQuickReplyApi }).quickReplyApi;
}

function need(): STQuickReplyApi {
  const found = api();
  if (found !== undefined) return found;
  throw new HostError(
    "unsupported_backend",
    "The extension “Quick Reply” is switched off in this SillyTavern.",
  );
}

function needSet(name: string): STQuickReplySet {
  const found = need().getSetByName(name);
  if (found !== undefined) return found;
  throw new HostError("unknown_item", `There is no set of quick replies “${name}”.`, { set: name });
}

function active({ settings }: STQuickReplyApi): [QuickReplySetInfo["active"][number], STQuickReplySet][] {
  const places = [
    ["global", settings.config],
    ["chat", settings.chatConfig],
    ["character", settings.charConfig],
  ] as const;
  return places.flatMap(([place, config]) =>
    (config?.setList ?? []).flatMap(({ set }) => (set === undefined ? [] : [[place, set] as const])),
  ) as [QuickReplySetInfo["active"][number], STQuickReplySet][];
}

export function listSets(): QuickReplySetInfo[] {
  const replies = need();
  const standing = active(replies);
  return replies.listSets().map((name) => {
    const set = replies.getSetByName(name);
    return {
      name,
      replies: set?.qrList.length ?? 0,
      active: standing.filter(([, one]) => one === set).map(([place]) => place),
    };
  });
}

export function listReplies(name: string): QuickReplyInfo[] {
  return needSet(name).qrList.map(({ label, title, message, isHidden }) => ({
    set: name,
    label: label ?? "",
    title: title ?? "",
    text: message ?? "",
    hidden: isHidden === true,
  }));
}

/** As SillyTavern's /run finds it: by its label among those that stand somewhere, or as SET.LABEL. */
export function findQuickReply(name: string): QuickReplyText | undefined {
  const replies = api();
  if (replies === undefined) return undefined;
  const [first = "", ...rest] = name.split(".");
  for (const [, set] of active(replies)) {
    const found = set.qrList.find(({ label }) => label === name);
    if (found !== undefined) return textOf(set, found);
  }
  const set = replies.getSetByName(first);
  const found = set?.qrList.find(({ label }) => label === rest.join("."));
  return set === undefined || found === undefined ? undefined : textOf(set, found);
}

function textOf(set: STQuickReplySet, { message = "" }: STQuickReply): QuickReplyText {
  return { message, script: message.startsWith("/") && set.disableSend !== true };
}

/** Press the button, as SillyTavern's /run does; what its script ends with. */
export async function runReply(set: string, label: string, args: Record<string, string>): Promise<string> {
  const found = needSet(set).qrList.find((reply) => reply.label === label);
  if (found === undefined)
    throw new HostError("unknown_item", `The set “${set}” has no quick reply “${label}”.`, { set, label });
  const pipe = await found.execute(args, false, true, {});
  return typeof pipe === "string" ? pipe : "";
}
