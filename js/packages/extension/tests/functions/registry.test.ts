import { beforeEach, describe, expect, it, vi } from "vitest";

import { FunctionRegistry } from "../../src/functions/registry.js";
import { Log } from "../../src/log.js";
import { AWAY, ONLINE, settle, StandInLine } from "./stand_in.js";

const caller = { kind: "app" as const, id: "a", name: "Bot", role: "app", taverns: null };
const invoke = (name: string, args: Record<string, unknown> = {}, id = "c1") => ({
  call_id: id,
  name,
  args,
  caller,
  timeout: 5,
});

let line: StandInLine;
let log: Log;
let registry: FunctionRegistry;
const callOther = vi.fn(() => Promise.resolve("other"));

beforeEach(() => {
  line = new StandInLine();
  log = new Log();
  callOther.mockClear();
  registry = new FunctionRegistry(line, callOther, log);
});

function registered(): unknown[] {
  return line.asked
    .filter(({ type }) => type === "function.register")
    .map(({ content }) => (content["functions"] as { name: string }[]).map(({ name }) => name));
}

describe("registering", () => {
  it("tells the hub of all that came in one turn at once, and gives their addresses", async () => {
    const one = registry.register({ name: "one" }, () => 1);
    const two = registry.register({ name: "two", tool: true }, () => 2);
    await settle();
    expect(registered()).toEqual([["one", "two"]]);
    line.last("function.register").answer({ ok: true, result: ["tavern:t/one", "tavern:t/two"] });
    expect(await Promise.all([one.ready, two.ready])).toEqual(["tavern:t/one", "tavern:t/two"]);
  });

  it("waits for a hub, and tells every new session again", async () => {
    line.state = AWAY;
    registry.register({ name: "one" }, () => 1);
    await settle();
    expect(registered()).toEqual([]);
    line.enter(ONLINE);
    registry.restart();
    registry.restart();
    expect(registered()).toEqual([["one"], ["one"]]);
  });

  it("does not let one that the hub refuses cost the others their place", async () => {
    const good = registry.register({ name: "good" }, () => 1);
    const bad = registry.register({ name: "bad", parameters: { type: 7 } }, () => 1);
    await settle();
    const error = { code: "invalid_schema", message: "No schema." };
    line.last("function.register").answer({ ok: false, error });
    await settle();
    line.last("function.register").answer({ ok: true, result: ["tavern:t/good"] });
    await settle();
    line.last("function.register").answer({ ok: false, error });
    expect(await good.ready).toBe("tavern:t/good");
    await expect(bad.ready).rejects.toMatchObject({ code: "invalid_schema" });
    expect(log.text()).toContain("Function bad: invalid_schema");
  });

  it("refuses a name that the hub would, and a handler that is none", () => {
    expect(() => registry.register({ name: "a b" }, () => 1)).toThrow(/letters, digits/);
    expect(() => registry.register({ name: "a" }, undefined as never)).toThrow(/no handler/);
  });

  it("replaces one of the same name, whose unregister then does nothing", async () => {
    const before = registry.register({ name: "one" }, () => "old");
    registry.register({ name: "one" }, () => "new");
    before.unregister();
    registry.receiveInvoke(invoke("one"));
    await settle();
    expect(line.sent.at(-1)?.content).toMatchObject({ ok: true, result: "new" });
    expect(registry.unregister("one")).toBe(true);
    expect(registry.unregister("one")).toBe(false);
    expect(line.last("function.unregister").content).toEqual({ names: ["one"] });
  });
});

describe("a call", () => {
  it("is carried out and done once, with progress, the caller, and calls of its own", async () => {
    registry.register({ name: "f" }, async (args, { progress, call, caller: who }) => {
      progress(1, 2, "half");
      return { args, who: who.name, other: await call("g", { x: 1 }), missing: undefined };
    });
    registry.receiveInvoke(invoke("f", { a: 1 }));
    await settle();
    expect(line.sent).toEqual([
      { type: "function.progress", content: { call_id: "c1", progress: 1, total: 2, message: "half" } },
      {
        type: "function.done",
        content: { call_id: "c1", ok: true, result: { args: { a: 1 }, who: "Bot", other: "other" } },
      },
    ]);
    expect(callOther).toHaveBeenCalledWith("g", { x: 1 }, expect.objectContaining({ parent: "c1" }));
  });

  it("gives bytes as files, wherever they stand", async () => {
    registry.register({ name: "f" }, () => [
      new Blob(["hi"], { type: "text/plain" }),
      { raw: new Uint8Array([1]) },
    ]);
    registry.receiveInvoke(invoke("f"));
    await vi.waitFor(() => {
      expect(line.sent).toHaveLength(1);
    });
    expect(line.sent[0]?.content["result"]).toEqual([
      { type: "file", mime: "text/plain", data: "aGk=" },
      { raw: { type: "file", mime: "application/octet-stream", data: "AQ==" } },
    ]);
  });

  it.each([
    [
      "its own code",
      () => {
        throw Object.assign(new Error("No."), { code: "not_today" });
      },
      "not_today",
      "No.",
    ],
    [
      "no code",
      () => {
        throw new Error("Broken.");
      },
      "function_failed",
      "Broken.",
    ],
  ])("fails with %s", async (_, handler: () => unknown, code, message) => {
    registry.register({ name: "f" }, handler);
    registry.receiveInvoke(invoke("f"));
    await settle();
    expect(line.sent[0]?.content).toEqual({ call_id: "c1", ok: false, error: { code, message } });
  });

  it("of what is gone fails", () => {
    registry.receiveInvoke(invoke("gone"));
    expect(line.sent[0]?.content).toMatchObject({ ok: false, error: { code: "provider_gone" } });
  });

  it("hears that nobody waits any more, and in a new session says nothing", async () => {
    const heard: string[] = [];
    registry.register(
      { name: "f" },
      (_args, { signal, callId }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            heard.push(callId);
            resolve("late");
          });
        }),
    );
    registry.receiveInvoke(invoke("f", {}, "c1"));
    registry.receiveCancel("c1");
    await settle();
    expect(line.sent).toHaveLength(1);
    registry.receiveInvoke(invoke("f", {}, "c2"));
    registry.restart();
    await settle();
    expect(heard).toEqual(["c1", "c2"]);
    expect(line.sent).toHaveLength(1);
  });
});
