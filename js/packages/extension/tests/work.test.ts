import { beforeEach, expect, it } from "vitest";

import type { CommandCall, Outcome } from "../src/commands/call.js";
import { Log } from "../src/log.js";
import { VisibleStreams } from "../src/streams/visible.js";
import { Work } from "../src/work.js";
import { FakeOutlet, FakeTavern } from "./fake_tavern.js";

let outlet: FakeOutlet;
let work: Work;
let calls: { call: CommandCall; finish: (outcome: Outcome) => void; fail: (error: unknown) => void }[];

beforeEach(() => {
  outlet = new FakeOutlet();
  calls = [];
  const runner = {
    run: (_order: unknown, call: CommandCall) =>
      new Promise<Outcome>((finish, fail) => {
        calls.push({ call, finish, fail });
      }),
  };
  work = new Work(runner, new VisibleStreams(new FakeTavern().read, outlet), outlet, new Log());
});

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const command = (request_id: string) => ({ request_id, name: "send", args: {} });

it("answers a command once, after its stream", async () => {
  work.receiveCommand(command("r"));
  const stream = calls[0]?.call.openStream({ kind: "detached" });
  stream?.delta("a");
  stream?.end({ text: "a", reason: "stop" });
  calls[0]?.finish({ ok: true, result: { text: "a" } });
  await settled();
  expect(outlet.sent.map(([type]) => type)).toEqual([
    "stream.start",
    "stream.delta",
    "stream.end",
    "command.done",
  ]);
  expect(outlet.contents("command.done")).toEqual([{ request_id: "r", ok: true, result: { text: "a" } }]);
});

it("does a command that comes twice once, and sends its outcome again", async () => {
  work.receiveCommand(command("r"));
  work.receiveCommand(command("r"));
  expect(calls).toHaveLength(1);
  calls[0]?.finish({ ok: true, result: 1 });
  await settled();
  work.receiveCommand(command("r"));
  expect(calls).toHaveLength(1);
  expect(outlet.contents("command.done")).toHaveLength(2);
});

it("answers also where the command throws, and closes what it left open", async () => {
  work.receiveCommand(command("r"));
  calls[0]?.call.openStream({ kind: "raw" }).delta("half");
  calls[0]?.call.claimVisible("reply");
  calls[0]?.fail(new Error("oops"));
  await settled();
  expect(outlet.contents("stream.end")).toMatchObject([
    { text: "half", reason: "error", error: { code: "internal" } },
  ]);
  expect(outlet.contents("command.done")).toMatchObject([{ ok: false, error: { code: "internal" } }]);
});

it("hands a cancel on as an abort", () => {
  work.receiveCommand(command("r"));
  work.receiveCancel("other");
  expect(calls[0]?.call.signal.aborted).toBe(false);
  work.receiveCancel("r");
  expect(calls[0]?.call.signal.aborted).toBe(true);
});

it("gives the old session's commands up in a new one: nothing of them goes out", async () => {
  work.receiveCommand(command("r"));
  const stream = calls[0]?.call.openStream({ kind: "detached" });
  work.restart();
  outlet.sent.length = 0;
  expect(calls[0]?.call.signal.aborted).toBe(true);
  stream?.delta("late");
  calls[0]?.finish({ ok: true, result: 1 });
  await settled();
  expect(outlet.sent).toEqual([]);
  work.receiveCommand(command("r"));
  expect(calls).toHaveLength(2);
});
