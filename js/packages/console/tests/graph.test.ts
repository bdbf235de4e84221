import type { Stats, TavernInfo, TrafficFlowed } from "@tavernlink/client";
import { describe, expect, test } from "vitest";

import { Flow } from "../src/hub/flow.js";
import { chooseCast, sameCast } from "../src/parts/cast.js";
import {
  arrange,
  curveOf,
  nodeAt,
  pointOn,
  restOf,
  roomFor,
  type Listed,
  type Node,
} from "../src/parts/graph.js";
import { cut } from "../src/parts/painting.js";

const people = (kind: string, count: number): Listed[] =>
  Array.from({ length: count }, (_, at) => ({
    id: `${kind}${String(at)}`,
    name: `${kind} ${String(at)}`,
    online: true,
  }));

const flowed = (edges: [string, string, number][]): TrafficFlowed => ({
  seconds: 0.5,
  edges: edges.map(([source, target, count]) => ({ source, target, count, kinds: { stream: count } })),
  peers: [...new Set(edges.flatMap(([source, target]) => [source, target]))].map((id) => ({
    id,
    kind: id === "hub" ? "hub" : id.startsWith("t") ? "tavern" : id.startsWith("r") ? "room" : "app",
    name: id.toUpperCase(),
  })),
  left_out: 0,
});

const tavern = (id: string, online = true): TavernInfo => ({ tavern_id: id, name: id, online }) as TavernInfo;
const stats = (apps: number, rooms: number): Stats => ({ apps, rooms }) as Stats;

describe("where nodes stand", () => {
  test.each([
    [1_100, 420],
    [326, 300],
  ])("a hundred taverns and two thousand apps fit into %d × %d without touching", (width, height) => {
    const cast = {
      taverns: people("t", 100),
      apps: people("a", 300),
      rooms: people("r", 5),
      more: { tavern: 0, app: 1_700, room: 0 },
    };
    const nodes = arrange(cast, width, height);
    for (const { x, y, radius } of nodes) {
      expect(x - radius).toBeGreaterThanOrEqual(0);
      expect(x + radius).toBeLessThanOrEqual(width);
      expect(y - radius).toBeGreaterThanOrEqual(0);
      expect(y + radius).toBeLessThanOrEqual(height);
    }
    const drawn = nodes.filter(({ kind, more }) => kind === "app" && more === 0).length;
    expect(nodes.find(({ id }) => id === restOf("app"))?.more).toBe(2_000 - drawn);
    expect(drawn).toBeLessThanOrEqual(roomFor("app", width, height, true));
    expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
  });

  test("taverns are on the left of the hub, apps on its right, rooms below", () => {
    const nodes = arrange(
      {
        taverns: people("t", 3),
        apps: people("a", 4),
        rooms: people("r", 2),
        more: { tavern: 0, app: 0, room: 0 },
      },
      800,
      400,
    );
    const [hub] = nodes as [Node];
    for (const { kind, x, y } of nodes) {
      if (kind === "tavern") expect(x).toBeLessThan(hub.x);
      if (kind === "app") expect(x).toBeGreaterThan(hub.x);
      if (kind === "room") expect(y).toBeGreaterThan(hub.y);
    }
    expect(nodes).toHaveLength(10);
  });

  test("the node under the pointer is found, and nothing far from all of them", () => {
    const nodes = arrange(
      { taverns: people("t", 2), apps: [], rooms: [], more: { tavern: 0, app: 0, room: 0 } },
      800,
      400,
    );
    const [, first] = nodes as [Node, Node];
    expect(nodeAt(nodes, first.x + 5, first.y)?.id).toBe("t0");
    expect(nodeAt(nodes, 790, 10)).toBeUndefined();
  });

  test("a curve begins at its source, ends at its target and bends to the hub", () => {
    const nodes = arrange(
      { taverns: people("t", 1), apps: people("a", 1), rooms: [], more: { tavern: 0, app: 0, room: 0 } },
      800,
      400,
    );
    const [hub, from, to] = nodes as [Node, Node, Node];
    const curve = curveOf(from, to, hub);
    expect(pointOn(curve, 0)).toEqual([from.x, from.y]);
    expect(pointOn(curve, 1)).toEqual([to.x, to.y]);
    expect(pointOn(curve, 0.5)[0]).toBeCloseTo(hub.x);
  });
});

describe("who talked to whom", () => {
  test("is counted per minute and fades", () => {
    const flow = new Flow();
    flow.take(
      flowed([
        ["t1", "a1", 30],
        ["t2", "a1", 5],
      ]),
      0,
    );
    flow.take(flowed([["t1", "a1", 30]]), 500);
    const [first, second] = flow.busiest(5, 500);
    expect([first?.source, Math.round(first?.perMinute ?? 0)]).toEqual(["t1", 60]);
    expect(second?.source).toBe("t2");
    expect(flow.busiest(1, 60_500)[0]?.perMinute).toBeCloseTo(60 / Math.E, 0);
  });

  test("is forgotten when it was long ago", () => {
    const flow = new Flow();
    flow.take(flowed([["t1", "a1", 1]]), 0);
    flow.take(flowed([["t2", "a2", 1]]), 600_000);
    expect(flow.busiest(5, 600_000).map(({ source }) => source)).toEqual(["t2"]);
    expect([...flow.peers.keys()]).toEqual(["t2", "a2"]);
  });

  test("stays small, whoever talks", () => {
    const flow = new Flow();
    for (let round = 0; round < 20; round++)
      flow.take(
        flowed(
          Array.from({ length: 200 }, (_, at) => [
            `t${String(round)}`,
            `a${String(round * 200 + at)}`,
            1 + at,
          ]),
        ),
        round,
      );
    expect(flow.busiest(10_000, 20).length).toBeLessThanOrEqual(500);
    expect(flow.peers.size).toBeLessThanOrEqual(400);
  });
});

describe("who is drawn", () => {
  test("the busiest, and one node for the rest", () => {
    const flow = new Flow();
    flow.take(
      flowed([
        ["t7", "a1", 50],
        ["t7", "r1", 3],
      ]),
      0,
    );
    const taverns = Array.from({ length: 300 }, (_, at) => tavern(`t${String(at)}`));
    const cast = chooseCast(taverns, flow, stats(2_000, 4), new Set(), 326, 300, 0);
    expect(cast.taverns.map(({ id }) => id)).toContain("t7");
    expect(cast.apps.map(({ id }) => id)).toEqual(["a1"]);
    expect(cast.more).toEqual({ tavern: 300 - cast.taverns.length, app: 1_999, room: 3 });
  });

  test("whoever is drawn stays while nobody is much busier", () => {
    const flow = new Flow();
    const taverns = Array.from({ length: 300 }, (_, at) => tavern(`t${String(at)}`));
    const before = chooseCast(taverns, flow, stats(0, 0), new Set(), 326, 300, 0);
    const shown = new Set(before.taverns.map(({ id }) => id));
    const after = chooseCast([...taverns].reverse(), flow, stats(0, 0), shown, 326, 300, 0);
    expect(sameCast(before, after)).toBe(true);
    expect(sameCast(null, after)).toBe(false);
  });
});

test("a name that is too long is cut, by letters", () => {
  const measure = (part: string): number => Array.from(part).length;
  expect(cut("Seraphina", 9, measure)).toBe("Seraphina");
  expect(cut("Seraphina", 5, measure)).toBe("Sera…");
  expect(cut("图书馆的灯光", 4, measure)).toBe("图书馆…");
});
