/**
 * The difference between the chat that was sent and the chat that is, as operations, a page at a time.
 *
 * `sent` is changed along with every operation made, so stopping anywhere is fine: the next call goes on from there,
 * also where the chat changed meanwhile. Common beginnings and ends are left alone; a middle of equal length (edits,
 * swipes, two messages that changed places) is replaced in place; else the middle's surplus is removed or inserted.
 */

import type { ChatOp } from "@tavernlink/client";

import type { STMessage } from "../host/context.js";
import { isSame, signatureOf, toChatMessage, type Signature } from "./message.js";

export interface Page {
  /** Most operations in one page. */
  ops: number;
  /** Most characters of text in one page; a single longer message is a page of its own. */
  characters: number;
  /** Longest text of one message. */
  maxText: number;
}

export interface PageResult {
  ops: ChatOp[];
  /** True: `sent` now says what `chat` says. */
  complete: boolean;
}

/**
 * `growing`: index of a message that streams now. It is left as it was sent before, or out where it was not, and what
 * comes after it waits with it.
 */
export function nextPage(
  sent: Signature[],
  chat: readonly STMessage[],
  page: Page,
  growing?: number,
): PageResult {
  const end = growing === undefined ? chat.length : Math.min(chat.length, growing);
  const keep = growing === undefined || growing >= sent.length ? 0 : sent.length - growing;
  const sentEnd = sent.length - keep;
  let start = 0;
  for (let old = sent[start]; start < end && start < sentEnd && old !== undefined; old = sent[start]) {
    const now = chat[start];
    if (now === undefined || !isSame(old, now)) break;
    start += 1;
  }
  let tail = 0;
  while (tail < Math.min(end, sentEnd) - start) {
    const old = sent[sentEnd - 1 - tail];
    const now = chat[end - 1 - tail];
    if (old === undefined || now === undefined || !isSame(old, now)) break;
    tail += 1;
  }
  const editor = new Editor(sent, page);
  const replaced = Math.min(end, sentEnd) - tail;
  for (let index = start; index < replaced; index += 1) {
    const [old, now] = [sent[index], chat[index]];
    if (old === undefined || now === undefined || isSame(old, now)) continue;
    if (!editor.put("replace", index, now)) return { ops: editor.ops, complete: false };
  }
  for (let surplus = sentEnd - end; surplus > 0; surplus -= 1) {
    if (!editor.remove(Math.max(start, replaced))) return { ops: editor.ops, complete: false };
  }
  for (let index = Math.max(start, replaced); index < end - tail; index += 1) {
    const now = chat[index];
    if (now !== undefined && !editor.put("insert", index, now)) return { ops: editor.ops, complete: false };
  }
  return { ops: editor.ops, complete: true };
}

class Editor {
  readonly ops: ChatOp[] = [];
  private characters = 0;

  constructor(
    private readonly sent: Signature[],
    private readonly page: Page,
  ) {}

  /** False: the page is full, and this was not done. */
  put(op: "insert" | "replace", index: number, raw: STMessage): boolean {
    const message = toChatMessage(raw, this.page.maxText);
    const length = message.text.length + (message.reasoning?.length ?? 0) + 200;
    if (this.ops.length > 0 && this.characters + length > this.page.characters) return false;
    if (this.ops.length >= this.page.ops) return false;
    this.characters += length;
    this.ops.push({ op, index, message });
    this.sent.splice(index, op === "insert" ? 0 : 1, signatureOf(raw));
    return true;
  }

  remove(index: number): boolean {
    if (this.ops.length >= this.page.ops) return false;
    this.ops.push({ op: "remove", index });
    this.sent.splice(index, 1);
    return true;
  }
}
