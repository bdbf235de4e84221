/** Draws the picture of who talks to whom: a still layer, redrawn when nodes change, and what moves on top of it. */

import { curveOf, pointOn, type Curve, type Node } from "./graph.js";

export interface Colours {
  text: string;
  soft: string;
  line: string;
  surface: string;
  raised: string;
  accent: string;
  good: string;
  warn: string;
}

/** Messages on their way, as one dot. */
interface Pulse {
  curve: Curve;
  tone: "accent" | "good" | "warn";
  began: number;
}

/** Something that was used lately, drawn stronger for a moment. */
interface Lit {
  curve: Curve;
  tone: Pulse["tone"];
  until: number;
  weight: number;
}

const TRAVEL = 900;
const GLOW = 1_600;
const MOST_PULSES = 240;
const FRAME = 30;
/** Of the page's time, drawing takes at most one part in so many. */
const SHARE = 5;
const LABELS = 16;

export function toneOf(kind: string): Pulse["tone"] {
  if (kind === "stream") return "accent";
  return kind === "chat" || kind === "event" || kind === "state" ? "warn" : "good";
}

export class Painting {
  private readonly still = document.createElement("canvas");
  private pulses: Pulse[] = [];
  private readonly lit = new Map<string, Lit>();
  private nodes: readonly Node[] = [];
  private byId = new Map<string, Node>();
  private marked: string | null = null;
  private frame = 0;
  private drawn = 0;
  private pause = FRAME;
  private scale = 1;
  private width = 0;
  private height = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private colours: Colours,
    private moving: boolean,
  ) {}

  close(): void {
    cancelAnimationFrame(this.frame);
  }

  setMoving(moving: boolean): void {
    this.moving = moving;
    this.pulses = [];
    this.request();
  }

  setColours(colours: Colours): void {
    this.colours = colours;
    this.drawStill();
  }

  setSize(width: number, height: number): void {
    this.scale = Math.min(2, window.devicePixelRatio || 1);
    this.width = width;
    this.height = height;
    for (const canvas of [this.canvas, this.still]) {
      canvas.width = Math.round(width * this.scale);
      canvas.height = Math.round(height * this.scale);
    }
    this.drawStill();
  }

  setNodes(nodes: readonly Node[]): void {
    this.nodes = nodes;
    this.byId = new Map(nodes.map((node) => [node.id, node]));
    this.lit.clear();
    this.pulses = [];
    this.drawStill();
  }

  mark(id: string | null): void {
    if (id === this.marked) return;
    this.marked = id;
    this.request();
  }

  /** Messages went from one node to another. */
  flow(source: string, target: string, kind: string, count: number, now: number): void {
    const [from, to, hub] = [this.byId.get(source), this.byId.get(target), this.byId.get("hub")];
    if (from === undefined || to === undefined || hub === undefined || from === to) return;
    const tone = toneOf(kind);
    const curve = curveOf(from, to, hub);
    this.lit.set(`${source} ${target} ${tone}`, {
      curve,
      tone,
      until: now + GLOW,
      weight: Math.min(3.5, 1 + Math.log10(1 + count)),
    });
    const dots = Math.min(3, 1 + Math.floor(Math.log10(count + 1)));
    for (let dot = 0; this.moving && dot < dots && this.pulses.length < MOST_PULSES; dot++)
      this.pulses.push({ curve, tone, began: now + (dot / dots) * 480 });
    this.request();
  }

  private request(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(this.draw);
  }

  private readonly draw = (): void => {
    this.frame = 0;
    const now = performance.now();
    // Thirty a second are enough for dots, and leave the page the rest.
    if (this.moving && now - this.drawn < this.pause) {
      this.request();
      return;
    }
    this.drawn = now;
    const context = this.canvas.getContext("2d");
    if (context === null || this.width === 0) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.drawLit(context, now);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.still, 0, 0);
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    this.drawPulses(context, now);
    this.drawMark(context);
    this.pause = Math.max(FRAME, (performance.now() - now) * SHARE);
    if (this.pulses.length > 0 || (this.moving && this.lit.size > 0)) this.request();
  };

  private drawLit(context: CanvasRenderingContext2D, now: number): void {
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    for (const [name, { curve, tone, until, weight }] of this.lit) {
      const left = (until - now) / GLOW;
      if (left <= 0) {
        this.lit.delete(name);
        continue;
      }
      context.globalAlpha = this.moving ? 0.12 + 0.4 * left : 0.45;
      context.strokeStyle = this.colours[tone];
      context.lineWidth = weight;
      context.beginPath();
      context.moveTo(curve.x0, curve.y0);
      context.quadraticCurveTo(curve.bendX, curve.bendY, curve.x1, curve.y1);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  private drawPulses(context: CanvasRenderingContext2D, now: number): void {
    this.pulses = this.pulses.filter(({ began }) => now - began < TRAVEL);
    for (const tone of ["warn", "good", "accent"] as const) {
      context.fillStyle = this.colours[tone];
      context.beginPath();
      for (const pulse of this.pulses) {
        const share = (now - pulse.began) / TRAVEL;
        if (pulse.tone !== tone || share < 0) continue;
        const [x, y] = pointOn(pulse.curve, share);
        context.moveTo(x + 2.8, y);
        context.arc(x, y, 2.8, 0, 2 * Math.PI);
      }
      context.fill();
    }
  }

  private drawMark(context: CanvasRenderingContext2D): void {
    const node = this.marked === null ? undefined : this.byId.get(this.marked);
    if (node === undefined) return;
    context.strokeStyle = this.colours.text;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(node.x, node.y, node.radius + 3, 0, 2 * Math.PI);
    context.stroke();
    if (node.more === 0) this.drawName(context, node, true);
  }

  private drawStill(): void {
    const context = this.still.getContext("2d");
    if (context === null || this.width === 0) return;
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    const hub = this.byId.get("hub");
    if (hub !== undefined) {
      context.strokeStyle = this.colours.line;
      context.lineWidth = 1;
      context.beginPath();
      for (const node of this.nodes) {
        if (node === hub) continue;
        context.moveTo(hub.x, hub.y);
        context.lineTo(node.x, node.y);
      }
      context.stroke();
    }
    const counts = { hub: 0, tavern: 0, app: 0, room: 0 };
    for (const { kind } of this.nodes) counts[kind] += 1;
    for (const node of this.nodes) {
      this.drawNode(context, node);
      if (node.more === 0 && node.kind !== "hub" && counts[node.kind] <= LABELS)
        this.drawName(context, node, false);
    }
    this.request();
  }

  private drawNode(context: CanvasRenderingContext2D, node: Node): void {
    const { accent, good, warn, soft, surface, raised, text } = this.colours;
    const own = { hub: accent, tavern: accent, app: good, room: warn }[node.kind];
    context.beginPath();
    if (node.kind === "room" && node.more === 0) {
      const side = node.radius * 1.8;
      context.roundRect(node.x - side / 2, node.y - side / 2, side, side, 3);
    } else context.arc(node.x, node.y, node.radius, 0, 2 * Math.PI);
    context.fillStyle = node.more > 0 ? raised : node.online ? own : surface;
    context.fill();
    context.strokeStyle = node.more > 0 || !node.online ? soft : surface;
    context.lineWidth = 1.5;
    context.stroke();
    if (node.more > 0) {
      context.fillStyle = text;
      context.font = "600 11px system-ui, sans-serif";
      context.textAlign = node.side === "left" ? "right" : node.side === "right" ? "left" : "center";
      context.textBaseline = "middle";
      const away = node.radius + 5;
      const x = node.x + (node.side === "left" ? -away : node.side === "right" ? away : 0);
      context.fillText(`+${node.more.toLocaleString()}`, x, node.y + (node.side === "below" ? away + 7 : 0));
    }
  }

  private drawName(context: CanvasRenderingContext2D, node: Node, strong: boolean): void {
    const { text, soft, surface } = this.colours;
    const away = node.radius + 6;
    const below = node.side === "below";
    const x = node.x + (node.side === "left" ? -away : node.side === "right" ? away : 0);
    const y = node.y + (below ? away + 8 : 0);
    const space = below ? 110 : node.side === "left" ? x - 4 : this.width - x - 4;
    context.font = `${strong ? "600 " : ""}12px system-ui, sans-serif`;
    context.textBaseline = "middle";
    context.textAlign = below ? "center" : node.side === "left" ? "right" : "left";
    const name = cut(node.name, strong ? 220 : space, (part) => context.measureText(part).width);
    if (strong) {
      // The one that is pointed at is read whole, over whatever stands there.
      const wide = context.measureText(name).width + 12;
      const left = Math.min(
        Math.max(4, below ? x - wide / 2 : node.side === "left" ? x - wide : x),
        this.width - wide - 4,
      );
      context.fillStyle = surface;
      context.beginPath();
      context.roundRect(left, y - 11, wide, 22, 6);
      context.fill();
      context.fillStyle = text;
      context.textAlign = "left";
      context.fillText(name, left + 6, y);
      return;
    }
    context.fillStyle = soft;
    context.fillText(name, x, y);
  }
}

/** A name with its end cut off so that it fits. */
export function cut(name: string, space: number, measure: (part: string) => number): string {
  if (measure(name) <= space) return name;
  const letters = Array.from(name);
  while (letters.length > 1 && measure(`${letters.join("")}…`) > space) letters.pop();
  return `${letters.join("")}…`;
}
