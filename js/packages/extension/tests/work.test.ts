import { beforeEach, expect, it } from "vitest";

import type { CommandCall, Outcome } from "../src/commands/call.js";
import { Log } from "../src/log.js";
import { VisibleStreams } from "../src/streams/visible.js";
import { Work, type Runner } from "../src/work.js";
import { FakeOutlet, FakeTavern } from "./fake_tavern.js";

let outlet: FakeOutlet;
let work: Work;
let runner: Runner;
let calls: { call: CommandCall; finish: (outcome: Outcome) => void; fail: (error: unknown) => void }[];

beforeEach(() => {
  outlet = new FakeOutlet();
  calls = [];
  runner = {
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

it("tells a new session what it knows, and goes on with what runs", async () => {
  let time = 10_000;
  work = new Work(runner, new VisibleStreams(new FakeTavern().read, outlet), outlet, new Log(), () => time);
  work.receiveCommand(command("over"));
  calls[0]?.finish({ ok: true, result: 1 });
  await settled();
  work.receiveCommand(command("runs"));
  const stream = calls[1]?.call.openStream({ kind: "detached" });
  stream?.delta("half");
  outlet.sent.length = 0;
  time += 5_000;
  work.restart();
  expect(calls[1]?.call.signal.aborted).toBe(false);
  stream?.delta(" and half");
  calls[1]?.finish({ ok: true, result: 2 });
  await settled();
  const id = (outlet.contents("stream.start")[0] as { stream_id: string }).stream_id;
  expect(outlet.sent.slice(0, 4)).toEqual([
    ["commands.known", { running: ["runs"], done: ["over"], seconds: 5 }],
    ["stream.start", { stream_id: id, kind: "detached", request_id: "runs" }],
    ["stream.delta", { stream_id: id, seq: 2, text: "half", replace: true }],
    ["stream.delta", { stream_id: id, seq: 3, text: " and half" }],
  ]);
  expect(outlet.contents("command.done")).toEqual([{ request_id: "runs", ok: true, result: 2 }]);
});

it("does not claim to remember what it has forgotten", async () => {
  let time = 0;
  work = new Work(runner, new VisibleStreams(new FakeTavern().read, outlet), outlet, new Log(), () => time);
  for (let number = 1; number <= 257; number += 1) {
    time = number * 1_000;
    work.receiveCommand(command(String(number)));
    calls[number - 1]?.finish({ ok: true, result: number });
    await settled();
  }
  outlet.sent.length = 0;
  work.restart();
  const [known] = outlet.contents("commands.known") as { done: string[]; seconds: number }[];
  expect(known?.done).toHaveLength(256);
  expect(known?.done).not.toContain("1");
  expect(known?.seconds).toBe(256);
});
