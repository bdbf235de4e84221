/** What `send`, `generate` and `session.turn` share: a visible generation as a request, with its claim and result. */

import { context } from "../host/context.js";
import { checkOpen, putBack, removeFrom, replyAfter, takeBack } from "../host/chat.js";
import { throwIfBlocked } from "../host/dialog.js";
import { errorInfo, HostError } from "../host/failure.js";
import { place } from "../host/cast.js";
import { type Host } from "../host/host.js";
import { saveChat } from "../host/saves.js";
import { lastRound, modeCall, type VisibleMode } from "../host/modes.js";
import { runVisible, type VisibleOutcome } from "../host/visible.js";
import { type STMessage } from "../host/context.js";
import { type CommandCall, type EndReason, type GenerationResult } from "./call.js";
import { NOBODY, spokenBy, type Turn } from "./speaker.js";

/** Throws unless the open chat can be worked on now; waits for a running generation to end. */
export async function prepare(host: Host, signal: AbortSignal): Promise<void> {
  throwIfBlocked();
  checkOpen();
  await host.gate.whenIdle(signal);
  throwIfBlocked();
}

/**
 * From before the message is added until the reply is there, Enter and the Send button leave the person's draft where
 * it is: SillyTavern has no guard against two generations at once.
 */
export async function withSendPressed<T>(host: Host, work: () => Promise<T>): Promise<T> {
  host.script.setSendButtonState?.(true);
  try {
    return await work();
  } finally {
    if (!host.gate.visible) host.script.setSendButtonState?.(false);
  }
}

export function checkBackend(): void {
  if (context().onlineStatus === "no_connection") {
    throw new HostError(
      "no_backend",
      "SillyTavern is not connected to a model. Connect one in its API settings.",
    );
  }
}

/**
 * Generates in the open chat, under the names of `turn`. `sent` is the first message that was added for it: on failure
 * it and what came after it are taken back, and so is what a failed regeneration removed. `speaker`: index of the
 * character that is to speak in a group.
 */
export async function generateVisible(
  host: Host,
  mode: VisibleMode,
  call: CommandCall,
  {
    sent,
    turn = NOBODY,
    speaker,
  }: { sent?: STMessage | undefined; turn?: Turn; speaker?: number | undefined } = {},
): Promise<GenerationResult> {
  const from = place();
  const before = snapshot(mode);
  const claim = call.claimVisible(mode);
  try {
    const mark = modeCall(mode, speaker);
    const run = {
      gate: host.gate,
      script: host.script,
      signal: call.signal,
      decoy: mark.decoy,
      pressSend: mark.pressSend,
    };
    const outcome = await spokenBy(host, turn, call.signal, () => runVisible(run, mark.start));
    if (place() !== from)
      throw new HostError("chat_changed", "The open chat was changed while the reply was written.");
    const result = readResult(mode, before, outcome);
    claim.settle(result);
    return result;
  } catch (thrown) {
    const partial = place() === from ? partialText(mode, before) : "";
    const error = errorInfo(thrown, "generation_failed");
    if (place() === from) await undo(mode, before, sent, error.code, partial);
    claim.settle({
      text: partial,
      ...(error.code === "cancelled" ? { reason: "cancelled" } : { reason: "error", error }),
    });
    throw thrown instanceof HostError && partial !== ""
      ? new HostError(thrown.code, thrown.message, { ...thrown.details, text: partial })
      : thrown;
  }
}

interface Before {
  /** Where new messages begin. */
  length: number;
  /** Text of the last message, which `continue` adds to. */
  text: string;
  removed: STMessage[];
  swipes: number;
}

function snapshot(mode: VisibleMode): Before {
  const { chat } = context();
  const last = chat.at(-1);
  if (last === undefined && mode !== "reply" && mode !== "impersonate") {
    throw new HostError("no_message", "The open chat has no message yet.");
  }
  const removed = mode === "regenerate" ? structuredClone(lastRound()) : [];
  return {
    length: chat.length - removed.length,
    text: last?.mes ?? "",
    removed,
    swipes: last?.swipes?.length ?? 1,
  };
}

/** Where the reply stands or begins: new messages, or the last one, which continue and swipe change. */
function replyStart(mode: VisibleMode, before: Before): number {
  return mode === "continue" || mode === "swipe" ? before.length - 1 : before.length;
}

function readResult(mode: VisibleMode, before: Before, outcome: VisibleOutcome): GenerationResult {
  const reason: EndReason = outcome.stopped ? "cancelled" : (outcome.finish ?? "stop");
  const usage = outcome.usage === null ? {} : { usage: outcome.usage };
  if (mode === "impersonate") {
    if (outcome.written === "") throw new HostError("empty_reply", "The model answered with nothing.");
    return { text: outcome.written, reason, ...usage };
  }
  const reply = mode === "continue" ? lastEntry() : replyAfter(replyStart(mode, before));
  if (!outcome.returned || reply === undefined) {
    if (outcome.stopped) throw new HostError("stopped", "The generation was stopped in SillyTavern.");
    // The prompt was answered and nothing failed, but no text came: a tool ended the turn.
    return { text: "", reason: "tool_calls", ...usage, ...chatId() };
  }
  const { index, message } = reply;
  const text = mode === "continue" ? added(before.text, message.mes) : message.mes;
  if (text === "") {
    throw outcome.stopped
      ? new HostError("stopped", "The generation was stopped in SillyTavern before the first word.")
      : new HostError("empty_reply", "The model answered with nothing.");
  }
  const reasoning = message.extra?.reasoning;
  return {
    text,
    reason,
    character: message.name,
    message_index: index,
    ...(typeof reasoning === "string" && reasoning !== "" ? { reasoning } : {}),
    ...usage,
    ...chatId(),
  };
}

function lastEntry(): { index: number; message: STMessage } | undefined {
  const { chat } = context();
  const message = chat.at(-1);
  return message === undefined ? undefined : { index: chat.length - 1, message };
}

function chatId(): { chat_id?: string } {
  const id = context().getCurrentChatId();
  return id === undefined ? {} : { chat_id: id };
}

function added(old: string, now: string): string {
  return now.startsWith(old) ? now.slice(old.length) : now;
}

/** What of the reply is in the chat after a failure. SillyTavern shows three dots before the first token. */
function partialText(mode: VisibleMode, before: Before): string {
  if (mode === "impersonate") return "";
  const reply = mode === "continue" ? lastEntry() : replyAfter(replyStart(mode, before));
  const text = reply?.message.mes ?? "";
  if (text === "..." || text === "") return "";
  if (mode === "continue") return added(before.text, text);
  return mode === "swipe" && (reply?.message.swipes?.length ?? 1) <= before.swipes ? "" : text;
}

/**
 * Cleans up after a failure. A reply that was stopped half-way stays, as it does when the person presses Stop; what an
 * error left behind goes, with the message that was sent for it.
 */
async function undo(
  mode: VisibleMode,
  before: Before,
  sent: STMessage | undefined,
  code: string,
  partial: string,
): Promise<void> {
  const stopped = code === "cancelled" || code === "stopped";
  if ((stopped && partial !== "") || code === "chat_changed" || code === "blocked_by_dialog") return;
  if (sent !== undefined) {
    await takeBack(sent);
  } else if (mode === "reply" || mode === "regenerate") {
    const last = context().chat.length;
    if (last > before.length) await removeFrom(before.length);
  } else if (mode === "continue") {
    const last = lastEntry();
    if (last !== undefined && last.message.mes !== before.text && last.index === before.length - 1) {
      last.message.mes = before.text;
      context().updateMessageBlock(last.index, last.message);
      await saveChat();
    }
  }
  if (mode === "regenerate" && before.removed.length > 0 && context().chat.length === before.length) {
    await putBack(before.removed);
  }
}
