import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Calls } from "../../src/functions/calls.js";
import { AWAY, ONLINE, StandInLine } from "./stand_in.js";

let line: StandInLine;
let calls: Calls;

beforeEach(() => {
  vi.useFakeTimers();
  line = new StandInLine();
  calls = new Calls(line);
});

afterEach(() => {
  vi.useRealTimers();
});

const accepted = { ok: true as const, result: { state: "running" } };
const lost = { ok: false as const, error: { code: "disconnected", message: "The line was lost." } };

function id(): string {
  return String(line.last("function.call").content["call_id"]);
}

describe("a call", () => {
  it("is asked for once and gives its result, with what comes before it", async () => {
    const progress: unknown[] = [];
    const call = calls.call(
      "roll",
      { sides: 6 },
      { provider: "bot", onProgress: (step) => progress.push(step) },
    );
    line.last("function.call").answer(accepted);
    calls.receiveProgress({ call_id: id(), progress: 1, total: 2 });
    calls.receiveResult({ call_id: id(), ok: true, result: 4 });
    expect(await call).toBe(4);
    expect(progress).toEqual([{ progress: 1, total: 2 }]);
    expect(line.asked.map(({ content }) => content)).toEqual([
      { name: "roll", args: { sides: 6 }, provider: "bot", call_id: id() },
    ]);
  });

  const refusal = { code: "forbidden", message: "No." };
  it.each([
    [
      "by the hub at once",
      (): void => {
        line.last("function.call").answer({ ok: false, error: refusal });
      },
    ],
    [
      "by its provider",
      (): void => {
        calls.receiveResult({ call_id: id(), ok: false, error: refusal });
      },
    ],
  ])("fails as it was refused %s", async (_, refuse) => {
    const call = calls.call("roll");
    refuse();
    await expect(call).rejects.toMatchObject({ code: "forbidden", message: "No." });
  });

  it("is asked for again under the same id where the line was lost, and is done once", async () => {
    const call = calls.call("roll");
    const first = id();
    line.enter(AWAY);
    line.last("function.call").answer(lost);
    await vi.advanceTimersByTimeAsync(0);
    expect(line.asked).toHaveLength(1);
    line.enter(ONLINE);
    expect(line.asked).toHaveLength(2);
    expect(id()).toBe(first);
    calls.receiveResult({ call_id: first, ok: true, result: 4 });
    calls.receiveResult({ call_id: first, ok: true, result: 5 });
    expect(await call).toBe(4);
  });

  it("is asked for again in a new session, since results of the old one never come", async () => {
    const call = calls.call("roll");
    line.last("function.call").answer(accepted);
    await vi.advanceTimersByTimeAsync(0);
    calls.restart();
    expect(line.asked).toHaveLength(2);
    calls.receiveResult({ call_id: id(), ok: true, result: 4 });
    expect(await call).toBe(4);
  });

  it("ends by its caller's own clock where no hub answers", async () => {
    const call = calls.call("roll", {}, { timeout: 2 });
    const failed = expect(call).rejects.toMatchObject({ code: "timeout" });
    line.enter(AWAY);
    await vi.advanceTimersByTimeAsync(5_000);
    await failed;
    expect(line.last("function.cancel").content).toEqual({ call_id: id() });
  });

  it("is cancelled by its signal", async () => {
    const giving = new AbortController();
    const call = calls.call("roll", {}, { signal: giving.signal });
    giving.abort();
    await expect(call).rejects.toMatchObject({ code: "cancelled" });
    expect(line.last("function.cancel").content).toEqual({ call_id: id() });
    await expect(calls.call("roll", {}, { signal: giving.signal })).rejects.toMatchObject({
      code: "cancelled",
    });
  });

  it("fails at once where nobody will ever answer", async () => {
    line.state = { name: "idle" };
    await expect(calls.call("roll")).rejects.toMatchObject({ code: "disconnected" });
    expect(line.asked).toEqual([]);
  });
});
