/** Where the nodes of the picture stand: the hub in the middle, taverns on its left, apps on its right, rooms below. */

export type NodeKind = "hub" | "tavern" | "app" | "room";

export interface Listed {
  id: string;
  name: string;
  online: boolean;
}

export interface Node extends Listed {
  kind: NodeKind;
  x: number;
  y: number;
  radius: number;
  /** It stands for so many that are not drawn one by one; 0: for itself. */
  more: number;
  /** Which way its name goes. */
  side: "left" | "right" | "below";
}

export interface Cast {
  taverns: readonly Listed[];
  apps: readonly Listed[];
  rooms: readonly Listed[];
  /** How many there are beyond those listed. */
  more: Record<"tavern" | "app" | "room", number>;
}

/** Id of the node that stands for the rest of a kind. */
export function restOf(kind: NodeKind): string {
  return `*${kind}`;
}

const RINGS = [1, 0.78, 0.57];
const SPACE = 17;
const EDGE = 16;
const ARCS = {
  tavern: { middle: Math.PI, side: "left" },
  app: { middle: 0, side: "right" },
  room: { middle: Math.PI / 2, side: "below" },
} as const;

interface Ellipse {
  x: number;
  y: number;
  wide: number;
  high: number;
}

function ellipseIn(width: number, height: number): Ellipse {
  const label = Math.min(120, width * 0.16);
  return {
    x: width / 2,
    y: height / 2,
    wide: Math.max(40, width / 2 - EDGE - label),
    high: Math.max(40, height / 2 - EDGE - 12),
  };
}

function spreadOf(kind: keyof typeof ARCS, rooms: boolean): number {
  if (kind === "room") return Math.PI * 0.24;
  return rooms ? Math.PI * 0.62 : Math.PI * 0.84;
}

/** How many nodes fit on each ring. */
function capacities(ellipse: Ellipse, spread: number): number[] {
  const along = (spread * (ellipse.wide + ellipse.high)) / 2;
  return RINGS.map((ring) => Math.max(1, Math.floor((along * ring) / SPACE) + 1));
}

/** How many of a kind can be told apart in a picture of this size. */
export function roomFor(kind: keyof typeof ARCS, width: number, height: number, rooms: boolean): number {
  const fitting = capacities(ellipseIn(width, height), spreadOf(kind, rooms));
  return fitting.reduce((sum, each) => sum + each, 0) - 1;
}

export function arrange(cast: Cast, width: number, height: number): Node[] {
  const ellipse = ellipseIn(width, height);
  const rooms = cast.rooms.length + cast.more.room > 0;
  const hub: Node = {
    id: "hub",
    name: "hub",
    kind: "hub",
    online: true,
    x: ellipse.x,
    y: ellipse.y,
    radius: 13,
    more: 0,
    side: "below",
  };
  return [
    hub,
    ...onArc("tavern", cast.taverns, cast.more.tavern, ellipse, rooms),
    ...onArc("app", cast.apps, cast.more.app, ellipse, rooms),
    ...onArc("room", cast.rooms, cast.more.room, ellipse, rooms),
  ];
}

function onArc(
  kind: keyof typeof ARCS,
  listed: readonly Listed[],
  more: number,
  ellipse: Ellipse,
  rooms: boolean,
): Node[] {
  const spread = spreadOf(kind, rooms);
  const fitting = capacities(ellipse, spread);
  const most = fitting.reduce((sum, each) => sum + each, 0);
  const wanted = more > 0 ? most - 1 : most;
  const shown = listed.slice(0, listed.length > wanted ? most - 1 : wanted);
  const rest = more + listed.length - shown.length;
  const all = shown.map((each) => ({ ...each, more: 0 }));
  if (rest > 0) all.push({ id: restOf(kind), name: "", online: true, more: rest });
  const nodes: Node[] = [];
  let from = 0;
  fitting.forEach((fits, ring) => {
    const here = all.slice(from, from + fits);
    from += fits;
    here.forEach((each, place) => {
      const share = here.length === 1 ? 0 : place / (here.length - 1) - 0.5;
      const turned = ARCS[kind].middle + share * spread * Math.min(1, here.length / 6) * turnOf(kind);
      const factor = RINGS[ring] ?? 1;
      nodes.push({
        ...each,
        kind,
        x: ellipse.x + Math.cos(turned) * ellipse.wide * factor,
        y: ellipse.y + Math.sin(turned) * ellipse.high * factor,
        radius: each.more > 0 ? 11 : all.length > 40 ? 4.5 : 6.5,
        side: ARCS[kind].side,
      });
    });
  });
  return nodes;
}

/** From top to bottom on the right, too; from left to right below. */
function turnOf(kind: keyof typeof ARCS): 1 | -1 {
  return kind === "app" ? 1 : -1;
}

export interface Curve {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  /** It bends towards the hub: everything goes through it. */
  bendX: number;
  bendY: number;
}

export function curveOf(source: Node, target: Node, hub: Node): Curve {
  const between = [(source.x + target.x) / 2, (source.y + target.y) / 2] as const;
  const straight = source === hub || target === hub;
  return {
    x0: source.x,
    y0: source.y,
    x1: target.x,
    y1: target.y,
    bendX: straight ? between[0] : hub.x + (between[0] - hub.x) * 0.2,
    bendY: straight ? between[1] : hub.y + (between[1] - hub.y) * 0.2,
  };
}

/** A point of a curve; `share` from 0 (source) to 1 (target). */
export function pointOn(curve: Curve, share: number): [x: number, y: number] {
  const rest = 1 - share;
  const [a, b, c] = [rest * rest, 2 * rest * share, share * share];
  return [a * curve.x0 + b * curve.bendX + c * curve.x1, a * curve.y0 + b * curve.bendY + c * curve.y1];
}

/** The node under a pointer, or the nearest within a finger's width. */
export function nodeAt(nodes: readonly Node[], x: number, y: number): Node | undefined {
  let found: Node | undefined;
  let nearest = 18;
  for (const node of nodes) {
    const distance = Math.hypot(node.x - x, node.y - y) - node.radius;
    if (distance < nearest) [found, nearest] = [node, distance];
  }
  return found;
}
