import type { ChatMessage, ChatOp } from "@tavernlink/client";
import { describe, expect, it } from "vitest";

import type { STMessage } from "../../src/host/context.js";
import { nextPage } from "../../src/mirror/diff.js";
import { signatureOf, toChatMessage, type Signature } from "../../src/mirror/message.js";

const WHOLE = { ops: 100_000, characters: 1e9, maxText: 1e6 };

function message(mes: string): STMessage {
  return { name: "A", is_user: false, is_system: false, mes };
}

/** What a receiver makes of the operations. */
function apply(copy: ChatMessage[], ops: ChatOp[]): void {
  for (const { op, index, message: content } of ops) {
    if (op === "reset") copy.length = 0;
    else if (op === "remove") copy.splice(index, 1);
    else if (content !== undefined) copy.splice(index, op === "insert" ? 0 : 1, content);
  }
}

class Receiver {
  readonly sent: Signature[] = [];
  readonly copy: ChatMessage[] = [];

  sync(chat: readonly STMessage[], page = WHOLE, growing?: number): ChatOp[] {
    const all: ChatOp[] = [];
    for (let complete = false; !complete;) {
      const result = nextPage(this.sent, chat, page, growing);
      complete = result.complete;
      all.push(...result.ops);
      apply(this.copy, result.ops);
      expect(result.ops.length).toBeLessThanOrEqual(page.ops);
    }
    return all;
  }
}

const short = (ops: ChatOp[]): string[] => ops.map(({ op, index }) => `${op} ${index}`);

describe("the difference", () => {
  const start = (): { chat: STMessage[]; receiver: Receiver } => {
    const chat = ["a", "b", "c", "d"].map(message);
    const receiver = new Receiver();
    receiver.sync(chat);
    return { chat, receiver };
  };

  it("of nothing is nothing", () => {
    const { chat, receiver } = start();
    expect(receiver.sync(chat)).toEqual([]);
  });

  it("of a new message is one insert", () => {
    const { chat, receiver } = start();
    chat.push(message("e"));
    expect(short(receiver.sync(chat))).toEqual(["insert 4"]);
  });

  it("of an edit, a swipe or hiding is one replace", () => {
    const { chat, receiver } = start();
    Object.assign(chat[1] ?? {}, { mes: "B" });
    expect(short(receiver.sync(chat))).toEqual(["replace 1"]);
    Object.assign(chat[3] ?? {}, { swipe_id: 1, swipes: ["d", "D"], mes: "D" });
    expect(short(receiver.sync(chat))).toEqual(["replace 3"]);
    Object.assign(chat[0] ?? {}, { is_system: true });
    expect(short(receiver.sync(chat))).toEqual(["replace 0"]);
  });

  it("of deleting in the middle is only removes", () => {
    const { chat, receiver } = start();
    chat.splice(1, 2);
    expect(short(receiver.sync(chat))).toEqual(["remove 1", "remove 1"]);
  });

  it("of inserting in the middle is only inserts", () => {
    const { chat, receiver } = start();
    chat.splice(1, 0, message("x"), message("y"));
    expect(short(receiver.sync(chat))).toEqual(["insert 1", "insert 2"]);
  });

  it("of two that changed places is two replaces", () => {
    const { chat, receiver } = start();
    const [b, c] = [chat[1], chat[2]];
    if (b && c) chat.splice(1, 2, c, b);
    expect(short(receiver.sync(chat))).toEqual(["replace 1", "replace 2"]);
  });

  it("leaves a growing message out, and as it was where it was sent before", () => {
    const { chat, receiver } = start();
    chat.push(message("..."));
    expect(receiver.sync(chat, WHOLE, 4)).toEqual([]);
    Object.assign(chat[4] ?? {}, { mes: "done" });
    expect(short(receiver.sync(chat))).toEqual(["insert 4"]);
    Object.assign(chat[4] ?? {}, { mes: "swiping…" });
    expect(receiver.sync(chat, WHOLE, 4)).toEqual([]);
    expect(receiver.copy[4]?.text).toBe("done");
  });
});

it("makes any chat of any other, in pages, whatever happens between the pages", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  for (let round = 0; round < 300; round += 1) {
    const chat: STMessage[] = [];
    const receiver = new Receiver();
    for (let step = 0; step < 8; step += 1) {
      for (let edits = random(6); edits >= 0; edits -= 1) {
        const index = random(chat.length + 1);
        const kind = random(4);
        if (kind === 0) chat.splice(index, random(4));
        else if (kind === 1)
          chat.splice(index, 0, ...Array.from({ length: random(5) }, () => message(String(random(9)))));
        else if (kind === 2 && chat[index]) chat[index] = message(String(random(9)));
        else chat.push(message(String(random(9))));
      }
      if (step % 2 === 0) receiver.sync(chat, { ops: 1 + random(4), characters: 1000, maxText: 100 });
      else
        apply(receiver.copy, nextPage(receiver.sent, chat, { ops: 2, characters: 1000, maxText: 100 }).ops);
      expect(receiver.sent).toHaveLength(receiver.copy.length);
    }
    receiver.sync(chat);
    expect(receiver.copy).toEqual(chat.map((raw) => toChatMessage(raw)));
    expect(receiver.sent).toEqual(chat.map(signatureOf));
  }
});

it("pages by number and by characters, and gives one long message a page of its own", () => {
  const receiver = new Receiver();
  const chat = [...Array.from({ length: 5 }, () => message("x".repeat(300))), message("y".repeat(5000))];
  const page = { ops: 100, characters: 1200, maxText: 10_000 };
  const sizes: number[] = [];
  for (let complete = false; !complete;) {
    const result = nextPage(receiver.sent, chat, page);
    complete = result.complete;
    sizes.push(result.ops.length);
  }
  expect(sizes).toEqual([2, 2, 1, 1]);
});

it("looks through 5,000 messages in a few milliseconds", () => {
  const chat = Array.from({ length: 5000 }, (_, index) => message(`message ${index}`));
  const receiver = new Receiver();
  receiver.sync(chat);
  chat.push(message("new"));
  const start = performance.now();
  receiver.sync(chat);
  const spent = performance.now() - start;
  console.log(`one look through 5,000 messages: ${spent.toFixed(2)} ms`);
  expect(spent).toBeLessThan(20);
});
