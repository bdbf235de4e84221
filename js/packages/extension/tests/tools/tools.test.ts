import { beforeEach, describe, expect, it, vi } from "vitest";

import type { FunctionInfo } from "@tavernlink/client";

import type { STFunctionTool } from "../../src/host/context.js";
import { Log } from "../../src/log.js";
import { ToolChoice } from "../../src/tools/choice.js";
import { cleanName } from "../../src/tools/names.js";
import { ToolRound } from "../../src/tools/round.js";
import { Tools } from "../../src/tools/tools.js";
import { AWAY, ONLINE, settle, StandInLine } from "../functions/stand_in.js";

export function info(address: string, more: Partial<FunctionInfo> = {}): FunctionInfo {
  const [provider = "hub", name = ""] = address.split("/");
  const [kind = "hub", id = "hub"] = provider.split(":");
  return {
    address,
    name,
    description: "",
    parameters: {},
    tool: true,
    stealth: false,
    title: null,
    timeout: null,
    provider: { kind, id, name: id, online: true },
    ...more,
  } as unknown as FunctionInfo;
}

let line: StandInLine;
let shelf: Map<string, STFunctionTool>;
let settings: Record<string, unknown>;
let round: ToolRound;
let tools: Tools;
const call = vi.fn();
const upload = vi.fn(() => Promise.resolve([{ url: "/dot.png", title: "dot" }]));

beforeEach(() => {
  line = new StandInLine();
  shelf = new Map();
  settings = {};
  round = new ToolRound();
  call.mockReset();
  const choice = new ToolChoice({
    settings: () => settings,
    saveSettings: () => undefined,
    metadata: () => undefined,
    saveMetadata: () => undefined,
    character: () => undefined,
  });
  const home = {
    register: (tool: STFunctionTool) => void shelf.set(tool.name, tool),
    unregister: (name: string) => void shelf.delete(name),
    names: () => new Set(shelf.keys()),
  };
  tools = new Tools(line, { call }, home, choice, round, upload, new Log());
});

async function list(...functions: FunctionInfo[]): Promise<void> {
  const asked = tools.restart();
  line.last("function.list").answer({ ok: true, result: functions });
  await asked;
}

function tool(name: string): STFunctionTool {
  const found = shelf.get(name);
  if (found === undefined) throw new Error(`No tool ${name}: ${[...shelf.keys()].join(", ")}`);
  return found;
}

describe("what is on the shelf", () => {
  it("is what the hub lists, then what it says of changes", async () => {
    await list(info("hub/roll"), info("app:b/look"));
    expect([...shelf.keys()]).toEqual(["roll", "look"]);
    tools.receiveChanged({
      functions: [info("mcp:m/tide"), info("hub/roll", { tool: false })],
      removed: ["app:b/look"],
    });
    expect([...shelf.keys()]).toEqual(["tide"]);
    line.enter({ name: "idle" });
    expect([...shelf.keys()]).toEqual([]);
  });

  it("has names that models take, none twice, and kept while the function is there", async () => {
    shelf.set("roll", {} as STFunctionTool); // another extension's
    await list(
      info("hub/roll"),
      info("app:Dice bot/dice.roll"),
      info("app:b/dice_roll"),
      info("mcp:m/dice.roll"),
    );
    expect([...shelf.keys()]).toEqual(["roll", "hub_roll", "dice_roll", "b_dice_roll", "m_dice_roll"]);
    tools.receiveChanged({
      functions: [info("app:b/dice_roll", { description: "New." })],
      removed: ["hub/roll"],
    });
    expect(tool("b_dice_roll").description).toBe("New.");
    expect(cleanName("é".repeat(3) + "a".repeat(99))).toHaveLength(64);
    expect(cleanName("骰子")).toBe("tool");
  });

  it("leaves another SillyTavern's functions alone", async () => {
    await list(info("tavern:t-1/mine"), info("tavern:t-2/theirs"));
    expect([...shelf.keys()]).toEqual(["mine"]);
  });

  it("is offered where the person lets it, and where it can be reached", async () => {
    await list(
      info("hub/roll"),
      info("app:b/away", { provider: { kind: "app", id: "b", name: "b", online: false } }),
    );
    expect([tool("roll").shouldRegister(), tool("away").shouldRegister()]).toEqual([true, false]);
    settings["tools"] = { everywhere: ["hub/look"] };
    expect(tool("roll").shouldRegister()).toBe(false);
    settings["tools"] = { everywhere: "all" };
    line.enter(AWAY);
    expect(tool("roll").shouldRegister()).toBe(false);
    line.enter(ONLINE);
    expect(tool("roll").shouldRegister()).toBe(true);
  });
});

describe("a call of the model's", () => {
  it("gives the result as a text, by the function's address and within its time", async () => {
    await list(info("hub/roll", { timeout: 5 }));
    call.mockResolvedValue({ rolled: 4 });
    expect(await tool("roll").action({ sides: 6 })).toBe('{"rolled":4}');
    expect(call).toHaveBeenCalledWith("hub/roll", { sides: 6 }, expect.objectContaining({ timeout: 5 }));
    call.mockResolvedValue(null);
    expect(await tool("roll").action("")).toBe("Done.");
  });

  it("never rejects: what goes wrong is a text too", async () => {
    await list(info("hub/roll"));
    call.mockRejectedValue(Object.assign(new Error("It took too long."), { code: "timeout" }));
    expect(await tool("roll").action({})).toBe("Error (timeout): It took too long.");
    call.mockResolvedValue([{ type: "file", mime: "image/png", data: "AAAA" }]);
    upload.mockRejectedValueOnce(new Error("Disk full."));
    expect(await tool("roll").action({})).toBe("Error: Disk full.");
  });

  it("shows images and tells the model of them", async () => {
    const attached: unknown[] = [];
    const listeners = new Map<string, () => void>();
    const source = { on: (name: string, listener: never) => void listeners.set(name, listener) };
    round.listen(source as never, {}, (images) => attached.push(images));
    await list(info("hub/draw"));
    call.mockResolvedValue(["A dot.", { type: "file", mime: "image/png", data: "AAAA", name: "dot" }]);
    const told = await tool("draw").action({});
    expect(told).toBe('["A dot.","[image/png “dot”, 3 bytes; shown to the user in the chat]"]');
    listeners.get("tool_calls_performed")?.();
    listeners.get("tool_calls_performed")?.();
    expect(attached).toEqual([[{ url: "/dot.png", title: "dot" }]]);
  });

  it("is ended by Stop, and so is the generation that would follow it, but no other", async () => {
    const listeners = new Map<string, () => void>();
    round.listen(
      { on: (name: string, listener: never) => void listeners.set(name, listener) } as never,
      {},
      vi.fn(),
    );
    const stop = (): void => listeners.get("generation_stopped")?.();
    stop();
    expect(round.takeStop()).toBe(false);
    await list(info("hub/roll"));
    call.mockImplementation(
      (_name, _args, { signal }: { signal: AbortSignal }) =>
        new Promise((_, reject) => {
          const end = (): void => {
            reject(Object.assign(new Error("Cancelled."), { code: "cancelled" }));
          };
          if (signal.aborted) end();
          else signal.addEventListener("abort", end);
        }),
    );
    const running = tool("roll").action({});
    stop();
    expect(await running).toBe("Error (cancelled): Cancelled.");
    expect(await tool("roll").action({})).toBe("Error (cancelled): Cancelled.");
    expect(round.takeStop()).toBe(true);
    expect(round.takeStop()).toBe(false);
    await settle();
  });
});
