import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import {
  connect,
  type CustomMessage,
  EVERYBODY,
  type Hub,
  type Outcome,
  TavernlinkError,
} from "../src/index.js";
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

/** Answer the newest ask. */
async function answer(result: unknown): Promise<void> {
  await vi.waitUntil(() => network.last.acks.length > 0);
  network.last.acks.shift()?.({ ok: true, result } satisfies Outcome);
}

describe("asking", () => {
  it("gives the outcome's result, and throws its error", async () => {
    const hub = await online();
    const listed = hub.request("tavern.list", {});
    await answer([]);
    expect(await listed).toEqual([]);
    const missing = hub.request("chat.get", { tavern: "x" });
    await vi.waitUntil(() => network.last.acks.length > 0);
    network.last.acks.shift()?.({ ok: false, error: { code: "unknown_tavern", message: "No such tavern." } });
    await expect(missing).rejects.toMatchObject({ code: "unknown_tavern", message: "No such tavern." });
  });

  it("asks again under the same request_id when the line drops before the answer", async () => {
    const hub = await online();
    const generation = hub.tavern().send("hi");
    await vi.waitUntil(() => network.last.acks.length > 0);
    const first = network.last.contents("chat.send");
    network.last.happen("disconnect", "transport close");
    await vi.advanceTimersByTimeAsync(20_000);
    network.last.welcome({ resumed: true });
    await vi.waitUntil(() => network.last.acks.length > 0);
    expect(network.last.contents("chat.send")).toEqual(first);
    await answer({ request_id: generation.requestId, position: 0 });
  });

  it("is refused for good with the hub's words", async () => {
    const connecting = connect("127.0.0.1:8001", "wrong", { open: network.open });
    network.last.happen(
      "connect_error",
      Object.assign(new Error("no"), { data: { code: "unauthorized", message: "No." } }),
    );
    await expect(connecting).rejects.toBeInstanceOf(TavernlinkError);
  });
});

describe("a generation", () => {
  it("iterates over its own deltas, once and in order, and ends with the result", async () => {
    const hub = await online();
    const generation = hub.tavern("t").send("hi");
    const { requestId } = generation;
    await answer({ request_id: requestId, position: 0 });
    const read = (async () => {
      const texts: string[] = [];
      for await (const { text } of generation) texts.push(text);
      return texts;
    })();
    const { last } = network;
    last.receive("stream.start", { stream_id: "other", kind: "reply" });
    last.receive("stream.start", { stream_id: "x", kind: "reply", request_id: requestId });
    last.receive("stream.delta", { stream_id: "other", seq: 1, text: "not mine" });
    last.receive("stream.delta", { stream_id: "x", seq: 1, text: "Hel" });
    last.receive("stream.delta", { stream_id: "x", seq: 2, text: "lo" });
    last.receive("stream.end", { stream_id: "x", seq: 2, text: "Hello", reason: "stop" });
    last.receive("request.update", { request_id: requestId, state: "done", result: { text: "Hello" } });
    expect(await read).toEqual(["Hel", "lo"]);
    expect(await generation.result).toEqual({ text: "Hello" });
  });

  it("throws to whoever iterates when it fails", async () => {
    const hub = await online();
    const generation = hub.tavern().generate({ mode: "raw", prompt: "x" });
    await answer({ request_id: generation.requestId, position: 0 });
    network.last.receive("request.update", {
      request_id: generation.requestId,
      state: "failed",
      error: { code: "no_backend", message: "No model." },
    });
    await expect(generation[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "no_backend" });
    await expect(generation.result).rejects.toMatchObject({ code: "no_backend" });
  });

  it("is followed again in a new session, and subscriptions are made again", async () => {
    const hub = await online();
    const subscribed = hub.subscribe(["stream.*"]);
    await answer(null);
    await subscribed;
    const generation = hub.tavern().send("hi");
    await answer({ request_id: generation.requestId, position: 0 });
    network.last.happen("disconnect", "transport close");
    await vi.advanceTimersByTimeAsync(20_000);
    network.last.welcome({ session: "s2" });
    await vi.waitUntil(() => network.last.acks.length === 2);
    expect(network.last.contents("subscribe")).toEqual([{ types: ["stream.*"] }]);
    expect(network.last.contents("request.get")).toEqual([{ request_id: generation.requestId, watch: true }]);
    network.last.acks[1]?.({
      ok: true,
      result: { request_id: generation.requestId, state: "done", result: { text: "x" } },
    });
    expect(await generation.result).toEqual({ text: "x" });
  });

  it("fails when the connection is closed", async () => {
    const hub = await online();
    const generation = hub.tavern().send("hi");
    await answer({ request_id: generation.requestId, position: 0 });
    hub.close();
    await expect(generation.result).rejects.toMatchObject({ code: "closed" });
  });
});

describe("messages of one's own", () => {
  it("are sent to a peer, several, everybody or a room, and give whom they reached", async () => {
    const hub = await online();
    const sending = hub.send("x.dice.roll", { sides: 20 }, "Game");
    await answer({ message_id: "m", reached: 1, kept: 0, unknown: [] });
    expect(await sending).toEqual({ message_id: "m", reached: 1, kept: 0, unknown: [] });
    for (const to of [["a", "b"], EVERYBODY, { room: "table" }] as const) {
      void hub.send("x.dice.roll", 6, to);
      await answer({});
    }
    const sent = network.last.contents("x.dice.roll") as CustomMessage[];
    expect(sent.map((message) => message.to)).toEqual([
      { peer: "Game" },
      { peers: ["a", "b"] },
      { all: true },
      { room: "table" },
    ]);
    expect(new Set(sent.map((message) => message.message_id)).size).toBe(4);
    expect(sent[0]?.content).toEqual({ sides: 20 });
  });

  it("go out again under the same id when the line drops before the answer", async () => {
    const hub = await online();
    const sending = hub.send("x.a", 1, "b");
    await vi.waitUntil(() => network.last.acks.length > 0);
    const first = network.last.contents("x.a");
    network.last.happen("disconnect", "transport close");
    await vi.advanceTimersByTimeAsync(20_000);
    network.last.welcome({ resumed: true });
    await answer({ message_id: "m", reached: 1, kept: 0, unknown: [] });
    expect(network.last.contents("x.a")).toEqual(first);
    expect((await sending).reached).toBe(1);
  });

  it("are heard by type or glob until the listener is taken away", async () => {
    const hub = await online();
    const heard: string[] = [];
    const off = hub.on("x.dice.*", ({ type, content, from }) =>
      heard.push(`${type} ${String(content)} ${from.name}`),
    );
    hub.on("x.dice.roll", ({ type }) => heard.push(`only ${type}`));
    const from = { id: "a", name: "Ann", kind: "app", role: "app" };
    const say = (type: string): void => {
      network.last.receive(type, { type, to: {}, content: 6, from, sent: 1 });
    };
    say("x.dice.roll");
    say("x.dicey");
    say("x.dice.result");
    off();
    say("x.dice.result");
    expect(heard).toEqual(["x.dice.roll 6 Ann", "only x.dice.roll", "x.dice.result 6 Ann"]);
  });
});

describe("a command", () => {
  it("is run by its name and gives what the catalogue says", async () => {
    const hub = await online();
    const deleted = hub.tavern("study").run("message.delete", { index: 2 }, { revision: 7, request_id: "r" });
    await answer({ request_id: "r", position: 0 });
    expect(network.last.contents("command.run")).toEqual([
      { name: "message.delete", args: { index: 2 }, tavern: "study", revision: 7, request_id: "r" },
    ]);
    network.last.receive("request.update", { request_id: "r", state: "done", result: {} });
    expect(await deleted).toEqual({});
  });

  it("throws the error that it ended with, and is cancelled like a generation", async () => {
    const hub = await online();
    const edit = hub.tavern().command("message.edit", { index: 0, text: "x" });
    await answer({ request_id: edit.requestId, position: 0 });
    void edit.cancel();
    await vi.waitUntil(() => network.last.acks.length > 0);
    expect(network.last.contents("request.cancel")).toEqual([{ request_id: edit.requestId }]);
    const error = { code: "refused", message: "The person said no." };
    network.last.receive("request.update", { request_id: edit.requestId, state: "failed", error });
    await expect(edit.result).rejects.toMatchObject({ code: "refused" });
  });
});
