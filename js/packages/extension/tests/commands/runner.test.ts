import { describe, expect, it } from "vitest";

import type { CommandCall, CommandTable } from "../../src/commands/call.js";
import { CommandRunner } from "../../src/commands/runner.js";
import { HostError } from "../../src/host/failure.js";

function call(signal = new AbortController().signal): CommandCall {
  const none = {
    delta: () => undefined,
    toolCall: () => undefined,
    end: () => undefined,
    settle: () => undefined,
  };
  return { requestId: "r", signal, openStream: () => none, claimVisible: () => none };
}

describe("CommandRunner", () => {
  it("runs visible commands one after another and detached ones side by side", async () => {
    const running = { visible: 0, detached: 0 };
    const peak = { visible: 0, detached: 0 };
    const work = (lane: "visible" | "detached") => async (): Promise<string> => {
      running[lane] += 1;
      peak[lane] = Math.max(peak[lane], running[lane]);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running[lane] -= 1;
      return lane;
    };
    const table: CommandTable = new Map([
      [
        "generate",
        { lane: (args: unknown) => (args === "beside" ? "detached" : "visible"), run: work("visible") },
      ],
      ["aside", { lane: "detached", run: work("detached") }],
    ]);
    const runner = new CommandRunner(table);
    await Promise.all([
      ...[1, 2, 3].map(() => runner.run({ name: "generate" }, call())),
      ...[1, 2, 3].map(() => runner.run({ name: "aside" }, call())),
    ]);
    expect(peak).toEqual({ visible: 1, detached: 3 });
  });

  it("turns every end into one outcome", async () => {
    const table: CommandTable = new Map([
      ["good", { lane: "visible", run: () => Promise.resolve(1) }],
      ["stated", { lane: "visible", run: () => Promise.reject(new HostError("busy", "Not now.", { a: 1 })) }],
      ["odd", { lane: "immediate", run: () => Promise.reject(new TypeError("oops")) }],
    ]);
    const runner = new CommandRunner(table);
    expect(await runner.run({ name: "good" }, call())).toEqual({ ok: true, result: 1 });
    expect(await runner.run({ name: "stated" }, call())).toEqual({
      ok: false,
      error: { code: "busy", message: "Not now.", details: { a: 1 } },
    });
    expect(await runner.run({ name: "odd" }, call())).toMatchObject({ error: { code: "command_failed" } });
    expect(await runner.run({ name: "none" }, call())).toMatchObject({ error: { code: "unknown_command" } });
    expect(await runner.run({ name: "good" }, call(AbortSignal.abort()))).toMatchObject({
      error: { code: "cancelled" },
    });
    expect(await runner.run({ name: "good" }, call())).toEqual({ ok: true, result: 1 });
  });
});
