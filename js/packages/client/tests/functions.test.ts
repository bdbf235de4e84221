import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { connect, type FunctionContext, type Hub, TavernlinkError } from "../src/index.js";
import { FakeNetwork } from "./fake_socket.js";

let network: FakeNetwork;

beforeEach(() => {
  vi.useFakeTimers();
  network = new FakeNetwork();
});

afterEach(() => {
  vi.useRealTimers();
});

async function online(): Promise<Hub> {
  const connecting = connect("127.0.0.1:8001", "tl_app_a_b", { open: network.open });
  network.last.welcome();
  return connecting;
}

/** Answer the oldest ask. */
async function answer(outcome: unknown = { ok: true, result: null }): Promise<void> {
  await vi.waitUntil(() => network.last.acks.length > 0);
  network.last.acks.shift()?.(outcome);
  await vi.advanceTimersByTimeAsync(0);
}

function accepted(id: string): unknown {
  return { ok: true, result: { call_id: id, state: "running", function: "hub/roll" } };
}

async function comeBack(resumed: boolean): Promise<void> {
  network.last.happen("disconnect", "transport close");
  await vi.advanceTimersByTimeAsync(20_000);
  network.last.welcome(resumed ? { resumed } : { session: "another" });
  await vi.advanceTimersByTimeAsync(0);
}

const invoke = {
  call_id: "f-1",
  name: "roll",
  args: { sides: 6 },
  caller: { kind: "app", id: "a", name: "Game", role: "app" },
  timeout: 60,
};

describe("calling", () => {
  it("gives the result that comes as an event, after progress", async () => {
    const hub = await online();
    const told: number[] = [];
    const call = hub.call(
      "roll",
      { sides: 6 },
      { callId: "c-1", timeout: 5, onProgress: ({ progress }) => told.push(progress) },
    );
    await vi.waitUntil(() => network.last.acks.length > 0);
    expect(network.last.contents("function.call")).toEqual([
      { name: "roll", args: { sides: 6 }, call_id: "c-1", timeout: 5 },
    ]);
    await answer(accepted("c-1"));
    network.last.receive("function.progress", { call_id: "c-1", progress: 0.5 });
    network.last.receive("function.result", { call_id: "c-1", ok: true, result: 4 });
    expect(await call).toBe(4);
    expect(told).toEqual([0.5]);
  });

  it("throws what the hub refuses it with, and what the function failed with", async () => {
    const hub = await online();
    const refused = expect(hub.call("roll")).rejects.toMatchObject({ code: "unknown_function" });
    await answer({ ok: false, error: { code: "unknown_function", message: "There is none." } });
    await refused;
    const failed = expect(hub.call("roll", {}, { callId: "c-2" })).rejects.toMatchObject({
      code: "function_failed",
      details: { exception: "ValueError" },
    });
    await answer(accepted("c-2"));
    const error = { code: "function_failed", message: "No.", details: { exception: "ValueError" } };
    network.last.receive("function.result", { call_id: "c-2", ok: false, error });
    await failed;
  });

  it("cancels by a signal", async () => {
    const hub = await online();
    const aborting = new AbortController();
    const call = expect(
      hub.call("roll", {}, { callId: "c-1", signal: aborting.signal }),
    ).rejects.toMatchObject({
      code: "cancelled",
    });
    await answer(accepted("c-1"));
    aborting.abort();
    await vi.waitUntil(() => network.last.acks.length > 0);
    expect(network.last.contents("function.cancel")).toEqual([{ call_id: "c-1" }]);
    const error = { code: "cancelled", message: "The call was cancelled." };
    network.last.receive("function.result", { call_id: "c-1", ok: false, error });
    await call;
    await expect(hub.call("roll", {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
  });

  it("is not made again in a resumed session", async () => {
    const hub = await online();
    const call = hub.call("roll", {}, { callId: "c-1" });
    await answer(accepted("c-1"));
    await comeBack(true);
    expect(network.last.contents("function.call")).toEqual([]);
    network.last.receive("function.result", { call_id: "c-1", ok: true, result: 1 });
    expect(await call).toBe(1);
  });

  it("is looked up in a new session, and fails where the hub does not know it", async () => {
    const hub = await online();
    const known = hub.call("roll", {}, { callId: "c-1" });
    await answer(accepted("c-1"));
    await comeBack(false);
    await vi.waitUntil(() => network.last.acks.length > 0);
    expect(network.last.contents("function.call")).toEqual([
      { name: "roll", args: {}, call_id: "c-1", again: true },
    ]);
    await answer(accepted("c-1"));
    network.last.receive("function.result", { call_id: "c-1", ok: true, result: 1 });
    expect(await known).toBe(1);
    const lost = expect(hub.call("roll", {}, { callId: "c-2" })).rejects.toMatchObject({
      code: "interrupted",
    });
    await answer(accepted("c-2"));
    await comeBack(false);
    await answer({ ok: false, error: { code: "unknown_call", message: "Unknown." } });
    await lost;
  });
});

describe("offering", () => {
  async function offered(
    handler: (args: { sides: number }, context: FunctionContext) => unknown,
  ): Promise<Hub> {
    const hub = await online();
    const registered = hub.registerFunction({ name: "roll" }, handler);
    await answer({ ok: true, result: ["app:a/roll"] });
    expect(await registered).toBe("app:a/roll");
    return hub;
  }

  async function done(): Promise<unknown> {
    await vi.waitUntil(() => network.last.contents("function.done").length > 0);
    return network.last.contents("function.done")[0];
  }

  it("carries out calls, with progress", async () => {
    await offered(({ sides }, context) => {
      context.progress(1, 2, "rolling");
      return Promise.resolve({ sides, for: context.caller.name, nothing: undefined });
    });
    network.last.receive("function.invoke", invoke);
    await answer();
    expect(await done()).toEqual({ call_id: "f-1", ok: true, result: { sides: 6, for: "Game" } });
    expect(network.last.contents("function.progress")).toEqual([
      { call_id: "f-1", progress: 1, total: 2, message: "rolling" },
    ]);
  });

  it.each([
    [
      "an exception",
      () => Promise.reject(new RangeError("no such die")),
      "function_failed",
      "RangeError: no such die",
    ],
    [
      "an error of its own",
      () => {
        throw new TavernlinkError("dice_lost", "Under the sofa.");
      },
      "dice_lost",
      "Under the sofa.",
    ],
    ["what is no JSON", () => 10n, "invalid_result", undefined],
  ])("answers with %s", async (_, handler, code, message) => {
    await offered(handler);
    network.last.receive("function.invoke", invoke);
    expect(await done()).toMatchObject({
      call_id: "f-1",
      ok: false,
      error: { code, ...(message !== undefined && { message }) },
    });
  });

  it("aborts the signal when nobody waits any more", async () => {
    await offered(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reject(new Error("aborted"));
          });
        }),
    );
    network.last.receive("function.invoke", invoke);
    network.last.receive("function.cancel", { call_id: "f-1" });
    expect(await done()).toMatchObject({ ok: false });
  });

  it("says that it does not know a function, and offers everything again in a new session", async () => {
    const hub = await offered(() => 1);
    network.last.receive("function.invoke", { ...invoke, name: "walk" });
    expect(await done()).toMatchObject({ error: { code: "unknown_function" } });
    await answer();
    await comeBack(false);
    await vi.waitUntil(() => network.last.acks.length > 0);
    expect(network.last.contents("function.register")).toEqual([{ functions: [{ name: "roll" }] }]);
    await answer();
    const removed = hub.unregisterFunction();
    await answer();
    await removed;
  });
});
