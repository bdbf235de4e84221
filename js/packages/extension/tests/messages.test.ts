import type { ConnectionState, Outcome } from "@tavernlink/client";
import { describe, expect, it } from "vitest";

import { Messages } from "../src/messages.js";

const ONLINE = { name: "online" } as ConnectionState;
const WAITING = { name: "waiting", code: "disconnected", message: "", retryAt: 0 } as ConnectionState;

class FakeLine {
  asked: [type: string, content: { to: unknown; message_id?: string }][] = [];
  answers: Outcome[] = [];
  private listener: (state: ConnectionState) => void = () => undefined;

  constructor(public state: ConnectionState) {}

  onState(listener: (state: ConnectionState) => void): void {
    this.listener = listener;
  }

  enter(state: ConnectionState): void {
    this.state = state;
    this.listener(state);
  }

  ask(type: string, content: { to: unknown; message_id?: string }): Promise<Outcome> {
    this.asked.push([type, content]);
    const answer = this.answers.shift();
    if (answer === undefined) throw new Error("nothing to answer");
    if (!answer.ok) this.state = WAITING;
    return Promise.resolve(answer);
  }
}

const SENT = { message_id: "m", reached: 1, kept: 0, unknown: [] };

describe("messages of other extensions", () => {
  it("are sent, and sent again under the same id after a lost line", async () => {
    const line = new FakeLine(WAITING);
    const { send } = new Messages(line, () => undefined);
    line.answers = [
      { ok: false, error: { code: "disconnected", message: "lost" } },
      { ok: true, result: SENT },
    ];
    const sending = send("x.mood", "merry", "Bob");
    expect(line.asked).toEqual([]);
    line.enter(ONLINE);
    await expect.poll(() => line.asked.length).toBe(1);
    line.enter(ONLINE);
    expect(await sending).toEqual(SENT);
    expect(line.asked[1]).toEqual(line.asked[0]);
    expect(line.asked[0]?.[1].to).toEqual({ peer: "Bob" });
  });

  it("throw what the hub refuses, and where there is no hub", async () => {
    const line = new FakeLine(ONLINE);
    const { send } = new Messages(line, () => undefined);
    line.answers = [{ ok: false, error: { code: "unknown_peer", message: "No." } }];
    await expect(send("x.mood", 1, "Nobody")).rejects.toMatchObject({ code: "unknown_peer" });
    line.enter({ name: "idle" });
    await expect(send("x.mood", 1, "Bob")).rejects.toMatchObject({ code: "disconnected" });
    await expect(send("chat.send" as "x.a", 1, "Bob")).rejects.toMatchObject({ code: "unknown_type" });
  });

  it("are heard by type or glob; a listener that throws does not disturb the others", () => {
    const reported: unknown[] = [];
    const messages = new Messages(new FakeLine(ONLINE), (error) => reported.push(error));
    const heard: unknown[] = [];
    messages.on("x.*", () => {
      throw new Error("mine");
    });
    const off = messages.on("x.dice.*", ({ type, content }) => heard.push([type, content]));
    const message = { to: {}, from: { id: "a", name: "A", kind: "app", role: "app" }, sent: 1 } as const;
    messages.receive({ ...message, type: "x.dice.roll", content: 6 });
    messages.receive({ ...message, type: "x.card", content: 1 });
    off();
    messages.receive({ ...message, type: "x.dice.roll", content: 1 });
    expect(heard).toEqual([["x.dice.roll", 6]]);
    expect(reported).toHaveLength(3);
  });
});
