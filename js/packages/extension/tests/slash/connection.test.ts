import type { ConnectionState } from "@tavernlink/client";
import { beforeEach, expect, it, vi } from "vitest";

import { Texts } from "../../src/panel/texts.js";
import { connect, readStatus, type ConnectionCommands } from "../../src/slash/connection.js";
import { FakeLine, ONLINE } from "../panel/stand_in.js";

let line: FakeLine;
let key: string;
let commands: ConnectionCommands & { set: ReturnType<typeof vi.fn>; connect: ReturnType<typeof vi.fn> };
let ends: ConnectionState;

beforeEach(() => {
  line = new FakeLine();
  key = "tl_tavern_a_b";
  ends = ONLINE;
  commands = {
    state: () => line.state,
    onState: (listener) => line.onState(listener),
    facts: () => ({ hub: "http://hub:1", name: "Home", id: "tavern-1", extension: "1.2" }),
    hasKey: () => key !== "",
    pinned: false,
    set: vi.fn((change: { key?: string }) => {
      key = change.key ?? key;
    }),
    connect: vi.fn(() => {
      line.become({ name: "connecting" });
      queueMicrotask(() => {
        line.become(ends);
      });
    }),
    disconnect: vi.fn(),
    texts: new Texts((text) => text),
  };
});

it("tells the state as JSON, or one field of it", () => {
  expect(JSON.parse(readStatus(commands, '""'))).toEqual({
    state: "idle",
    name: "Home",
    id: "tavern-1",
    hub: "http://hub:1",
    extension: "1.2",
  });
  expect(readStatus(commands, " state ")).toBe("idle");
  expect(readStatus(commands, "version")).toBe("");
  line.become(ONLINE);
  expect(readStatus(commands, "version")).toBe("1.2");
  line.become({ name: "waiting", retryAt: Date.now() + 4500, code: "unreachable", message: "Gone." });
  expect(JSON.parse(readStatus(commands, ""))).toMatchObject({
    state: "waiting",
    retry: 5,
    code: "unreachable",
  });
  expect(readStatus(commands, "reason")).toBe("Gone.");
  expect(() => readStatus(commands, "colour")).toThrow("no field “colour”");
});

it("connects with what is there, or with an address and a key", async () => {
  expect(await connect(commands, "")).toBe("online");
  expect(commands.set).not.toHaveBeenCalled();
  expect(await connect(commands, " http://other:2   tl_tavern_c_d ")).toBe("online");
  expect(commands.set).toHaveBeenCalledWith({ url: "http://other:2", key: "tl_tavern_c_d" });
});

it("throws the reason where it cannot connect", async () => {
  ends = { name: "refused", code: "unauthorized", message: "No such key." };
  await expect(connect(commands, "")).rejects.toThrow("No such key.");
  ends = { name: "waiting", retryAt: 0, code: "unreachable", message: "Nobody there." };
  await expect(connect(commands, "")).rejects.toThrow("Nobody there.");
  ends = { name: "connecting" };
  await expect(connect(commands, "", "0.01")).rejects.toThrow("did not answer in time");
  key = "";
  await expect(connect(commands, "http://hub:1")).rejects.toThrow("no key yet");
  await expect(connect(commands, "a b c")).rejects.toThrow("nothing more");
  await expect(connect(commands, "", "soon")).rejects.toThrow("timeout=soon");
  await expect(connect({ ...commands, pinned: true }, "http://hub:1")).rejects.toThrow("stay as they are");
});
