/** Who talked to whom during about the last minute, from what the hub tells twice a second. Plain data. */

import type { TrafficEdge, TrafficFlowed, TrafficPeer } from "@tavernlink/client";

/** Target of what went to more receivers than the hub tells apart. */
export const MANY = "*";

const MINUTE = 60_000;
const FAINT = 0.05;
const MOST_EDGES = 500;
const MOST_PEERS = 400;

export interface Edge {
  readonly source: string;
  readonly target: string;
  /** Messages per minute; what was long ago counts less and less. */
  perMinute: number;
  /** Kind → the same. */
  readonly kinds: Map<string, number>;
  last: number;
}

export interface Seen extends TrafficPeer {
  last: number;
}

export class Flow {
  readonly peers = new Map<string, Seen>();
  private readonly edges = new Map<string, Edge>();

  /** `now` in milliseconds. */
  take({ edges, peers }: TrafficFlowed, now: number): void {
    for (const peer of peers) this.peers.set(peer.id, { ...peer, last: now });
    for (const edge of edges) this.add(edge, now);
    this.forget(now);
  }

  /** The busiest edges first. */
  busiest(limit: number, now: number): Edge[] {
    for (const edge of this.edges.values()) fade(edge, now);
    return [...this.edges.values()].sort((a, b) => b.perMinute - a.perMinute).slice(0, limit);
  }

  /** How much each peer says and hears, per minute. */
  weights(now: number): Map<string, number> {
    const found = new Map<string, number>();
    for (const edge of this.busiest(MOST_EDGES, now))
      for (const end of [edge.source, edge.target]) found.set(end, (found.get(end) ?? 0) + edge.perMinute);
    return found;
  }

  private add(told: TrafficEdge, now: number): void {
    const name = `${told.source} ${told.target}`;
    let edge = this.edges.get(name);
    if (edge === undefined) {
      edge = { source: told.source, target: told.target, perMinute: 0, kinds: new Map(), last: now };
      this.edges.set(name, edge);
    }
    fade(edge, now);
    edge.perMinute += told.count;
    for (const [kind, count] of Object.entries(told.kinds))
      edge.kinds.set(kind, (edge.kinds.get(kind) ?? 0) + count);
  }

  private forget(now: number): void {
    for (const [name, edge] of this.edges) {
      fade(edge, now);
      if (edge.perMinute < FAINT) this.edges.delete(name);
    }
    if (this.edges.size > MOST_EDGES) {
      const kept = new Set(this.busiest(MOST_EDGES, now));
      for (const [name, edge] of this.edges) if (!kept.has(edge)) this.edges.delete(name);
    }
    const ends = new Set([...this.edges.values()].flatMap(({ source, target }) => [source, target]));
    for (const id of this.peers.keys()) if (!ends.has(id)) this.peers.delete(id);
    for (const id of [...this.peers.keys()].slice(0, Math.max(0, this.peers.size - MOST_PEERS)))
      this.peers.delete(id);
  }
}

function fade(edge: Edge, now: number): void {
  if (now <= edge.last) return;
  const left = Math.exp((edge.last - now) / MINUTE);
  edge.perMinute *= left;
  for (const [kind, count] of edge.kinds) edge.kinds.set(kind, count * left);
  edge.last = now;
}
