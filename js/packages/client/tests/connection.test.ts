import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Connection, type ConnectionOptions, type ConnectionState } from "../src/index.js";
import { FakeNetwork } from "./fake_socket.js";

function open(options: Partial<ConnectionOptions> = {}): {
  connection: Connection;
  network: FakeNetwork;
  states: string[];
} {
  const network = new FakeNetwork();
  const connection = new Connection({
    url: "127.0.0.1:8001",
    key: "tl_tavern_a_b",
    role: "tavern",
    id: "t1",
    open: network.open,
    random: () => 1,
    ...options,
  });
  const states: string[] = [];
  connection.on("state", ({ name }: ConnectionState) => states.push(name));
  return { connection, network, states };
}

const delta = (seq: number, text: string) => ({ stream_id: "x", seq, text });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("connecting", () => {
  it("says who it is, and is online at welcome", () => {
    const { connection, network, states } = open({ name: "Tab" });
    connection.start();
    expect(network.last.origin).toBe("http://127.0.0.1:8001");
    expect(network.last.options).toMatchObject({ path: "/socket.io/", reconnection: false });
    expect(network.last.auth).toEqual({
      key: "tl_tavern_a_b",
      role: "tavern",
      protocol: 1,
      name: "Tab",
      id: "t1",
    });
    network.last.welcome();
    expect(states).toEqual(["connecting", "online"]);
  });

  it("tries again for ever, with growing jittered delays inside the hub's limits", () => {
    const { connection, network } = open({ random: () => 0 });
    connection.start();
    network.last.welcome();
    network.last.happen("disconnect", "transport close");
    const delays: number[] = [];
    for (let tries = 0; tries < 40; tries += 1) {
      const { state } = connection;
      if (state.name !== "waiting") throw new Error(state.name);
      delays.push(state.retryAt - Date.now());
      vi.advanceTimersByTime(delays.at(-1) ?? 0);
      network.last.happen("connect_error", new Error("xhr poll error"));
    }
    expect(delays.slice(0, 3)).toEqual([500, 850, 1445]);
    expect(Math.max(...delays)).toBe(4000);
    expect(network.sockets).toHaveLength(41);
  });

  it("stops at a refusal that trying again cannot mend, and keeps its words", () => {
    const { connection, network } = open();
    connection.start();
    network.last.happen(
      "connect_error",
      Object.assign(new Error("no"), { data: { code: "unauthorized", message: "No key." } }),
    );
    expect(connection.state).toEqual({ name: "refused", code: "unauthorized", message: "No key." });
    vi.advanceTimersByTime(600_000);
    expect(network.sockets).toHaveLength(1);
  });

  it("tries again after a refusal that passes", () => {
    const { connection, network } = open();
    connection.start();
    network.last.happen(
      "connect_error",
      Object.assign(new Error("no"), { data: { code: "rate_limited", message: "Later." } }),
    );
    expect(connection.state).toMatchObject({ name: "waiting", code: "rate_limited" });
  });

  it("gives a try up that never becomes a welcome", () => {
    const { connection, network } = open();
    connection.start();
    vi.advanceTimersByTime(30_000);
    expect(connection.state).toMatchObject({ name: "waiting", code: "timeout" });
    expect(network.last.closed).toBe(true);
  });

  it("refuses an address that is none, without a try", () => {
    const { connection, network } = open({ url: "http://" });
    connection.start();
    expect(connection.state).toMatchObject({ name: "refused", code: "unreachable" });
    expect(network.sockets).toHaveLength(0);
  });

  it("does not wait where it is told that the network is back", () => {
    const { connection, network } = open();
    connection.start();
    network.last.happen("connect_error", new Error("offline"));
    connection.retryNow();
    expect(network.sockets).toHaveLength(2);
  });

  it("is idle and silent after stop", () => {
    const { connection, network } = open();
    connection.start();
    network.last.welcome();
    connection.stop();
    expect(connection.state.name).toBe("idle");
    expect(connection.send("stream.delta", delta(1, "a"))).toBe(false);
    vi.advanceTimersByTime(600_000);
    expect(network.sockets).toHaveLength(1);
  });
});

describe("sessions", () => {
  it("counts events, not what is about counting, and confirms every so often", () => {
    const { connection, network } = open();
    connection.start();
    network.last.welcome();
    network.last.receive("confirm", { count: 0 });
    for (let n = 0; n < 7; n += 1) network.last.receive("events.wanted", { names: [] });
    expect(network.last.contents("confirm")).toEqual([{ count: 3 }, { count: 6 }]);
  });

  it("resumes: says how far it is, and writes again what the hub lacks, then what waited", () => {
    const { connection, network } = open();
    connection.start();
    network.last.welcome();
    network.last.receive("events.wanted", { names: [] });
    for (let seq = 1; seq <= 4; seq += 1) connection.send("stream.delta", delta(seq, String(seq)));
    network.last.happen("disconnect", "transport close");
    connection.send("stream.delta", delta(5, "5"));
    connection.send("stream.delta", delta(6, "6"));
    vi.advanceTimersByTime(1000);
    expect(network.last.auth["resume"]).toEqual({ session: "s1", count: 1 });
    const sessions: boolean[] = [];
    connection.on("session", ({ resumed }) => sessions.push(resumed));
    network.last.welcome({ resumed: true, count: 2 });
    // 5 and 6 never were on a line, so they could be merged; 3 and 4 may have been, so they could not.
    expect(network.last.contents("stream.delta")).toEqual([delta(3, "3"), delta(4, "4"), delta(6, "56")]);
    expect(sessions).toEqual([true]);
  });

  it("starts over where the hub has forgotten the session, but keeps outcomes of commands", () => {
    const { connection, network } = open();
    connection.start();
    network.last.welcome();
    connection.send("stream.delta", delta(1, "a"));
    network.last.happen("disconnect", "transport close");
    connection.send("command.done", { request_id: "r", ok: true });
    vi.advanceTimersByTime(1000);
    const sessions: boolean[] = [];
    connection.on("session", ({ resumed }) => sessions.push(resumed));
    network.last.welcome({ session: "s2" });
    expect(network.last.sent).toEqual([["command.done", { request_id: "r", ok: true }]]);
    expect(sessions).toEqual([false]);
  });

  it("stops keeping things when the session must be over", () => {
    const { connection, network } = open();
    connection.start();
    network.last.welcome();
    network.last.happen("disconnect", "transport close");
    vi.setSystemTime(Date.now() + 61_000);
    expect(connection.send("stream.delta", delta(1, "a"))).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(network.last.auth["resume"]).toBeUndefined();
  });

  it("goes on under another id when replaced, as a new session", () => {
    const { connection, network } = open({ onReplaced: () => "t2" });
    connection.start();
    network.last.welcome();
    network.last.receive("closing", { code: "replaced", message: "Another connection took over." });
    network.last.happen("disconnect", "io server disconnect");
    vi.advanceTimersByTime(1000);
    expect(network.last.auth).toMatchObject({ id: "t2" });
    expect(network.last.auth["resume"]).toBeUndefined();
  });

  it("ends as refused when replaced and nobody has another id", () => {
    const { connection, network } = open();
    connection.start();
    network.last.welcome();
    network.last.receive("closing", { code: "replaced", message: "Another connection took over." });
    network.last.happen("disconnect", "io server disconnect");
    expect(connection.state).toMatchObject({ name: "refused", code: "replaced" });
  });

  it("gives the session up rather than grow without bound", () => {
    const reports: string[] = [];
    const { connection, network } = open({
      outbox: { entries: 5, size: 100_000 },
      report: (message) => reports.push(message),
    });
    connection.start();
    network.last.welcome();
    for (let seq = 1; seq <= 6; seq += 1) connection.send("stream.delta", delta(seq, "a"));
    expect(reports).toHaveLength(1);
    expect(connection.state).toMatchObject({ name: "waiting", code: "slow_consumer" });
    vi.advanceTimersByTime(1000);
    expect(network.last.auth["resume"]).toBeUndefined();
  });

  it("keeps out what the hub would refuse for its size, and answers a command all the same", () => {
    const { connection, network } = open({ report: () => undefined });
    connection.start();
    network.last.welcome();
    expect(connection.send("event", { name: "big", args: ["x".repeat(20_000)] })).toBe(false);
    expect(connection.send("command.done", { request_id: "r", ok: true, result: "x".repeat(20_000) })).toBe(
      true,
    );
    expect(network.last.sent).toHaveLength(1);
    expect(network.last.contents("command.done")).toMatchObject([
      { ok: false, error: { code: "too_large" } },
    ]);
  });
});

it("a listener that throws is reported, and the others still run", () => {
  const reports: string[] = [];
  const { connection, network } = open({ report: (message) => reports.push(message) });
  const seen: unknown[] = [];
  connection.onMessage("events.wanted", () => {
    throw new Error("mine");
  });
  connection.onMessage("events.wanted", (content) => seen.push(content));
  connection.start();
  network.last.welcome();
  network.last.receive("events.wanted", { names: ["a"] });
  expect(seen).toEqual([{ names: ["a"] }]);
  expect(reports).toHaveLength(1);
});
