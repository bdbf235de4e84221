/** The rooms that this tavern is in: who is there, whose turn it is, and what waits to be released. */

import type { RoomInfo, RoomTurn, RoomTyping } from "@tavernlink/client";

import type { PanelLine } from "./line.js";
import { RoomCard } from "./room.js";
import type { Look, Sight } from "./sight.js";
import type { Template } from "./template.js";
import type { Texts } from "./texts.js";

/** Between two looks at the hub's rooms, in milliseconds: many members may come and go at once. */
const PAUSE = 500;

export interface ShownRoom extends RoomInfo {
  turn?: RoomTurn;
}

export class RoomsView {
  private readonly list: HTMLElement;
  private readonly note: HTMLElement;
  private readonly count: HTMLElement;
  private readonly look: Look;
  private readonly cards = new Map<string, RoomCard>();
  private rooms = new Map<string, ShownRoom>();
  private stale = true;
  private loading = false;

  constructor(
    template: Template,
    private readonly line: PanelLine,
    private readonly texts: Texts,
    sight: Sight,
    private readonly wait: (milliseconds: number) => Promise<void> = (milliseconds) =>
      new Promise((resolve) => setTimeout(resolve, milliseconds)),
  ) {
    this.list = template.part("rooms");
    this.note = template.part("rooms-note");
    this.count = template.part("rooms-count");
    this.look = sight.watch(template.section("rooms"), () => {
      void this.refresh();
      this.draw();
      if (!this.look.seen) this.count.textContent = "";
    });
    for (const type of ["room.changed", "room.closed", "room.message"] as const)
      line.hear(type, () => {
        this.renew();
      });
    line.hear("room.turn", (turn) => {
      this.receiveTurn(turn);
    });
    line.hear("room.typing", (typing) => {
      this.receiveTyping(typing);
    });
    line.onState(() => {
      this.rooms.clear();
      this.renew();
      this.draw();
    });
    this.draw();
  }

  private renew(): void {
    this.stale = true;
    void this.refresh();
  }

  private receiveTurn(turn: RoomTurn): void {
    const room = this.rooms.get(turn.room);
    if (room === undefined) return;
    this.rooms.set(turn.room, { ...room, turn, held: turn.held });
    this.draw();
    this.renew();
  }

  private receiveTyping({ room: id, member, state }: RoomTyping): void {
    const room = this.rooms.get(id);
    if (room === undefined) return;
    const members = room.members.map((each) => (each.id === member ? { ...each, typing: state } : each));
    this.rooms.set(id, { ...room, members });
    this.draw();
  }

  private async refresh(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    try {
      while (this.stale && this.look.seen && this.line.state.name === "online") {
        this.stale = false;
        await this.load();
        this.draw();
        await this.wait(PAUSE);
      }
    } finally {
      this.loading = false;
    }
  }

  private async load(): Promise<void> {
    const listed = await this.line.ask("room.list", {});
    if (!listed.ok) {
      this.note.textContent = this.texts.error(listed.error.code, listed.error.message);
      return;
    }
    const mine = (listed.result as RoomInfo[]).filter(({ role }) => role !== null);
    const found = await Promise.all(mine.map(({ room_id: room }) => this.line.ask("room.get", { room })));
    const rooms = new Map<string, ShownRoom>();
    for (const outcome of found) {
      // One that was closed meanwhile.
      if (!outcome.ok) continue;
      const info = outcome.result as RoomInfo;
      const turn = this.rooms.get(info.room_id)?.turn;
      rooms.set(info.room_id, { ...info, ...(turn === undefined ? {} : { turn }) });
    }
    this.rooms = rooms;
  }

  private draw(): void {
    if (!this.look.seen) return;
    const online = this.line.state.name === "online";
    const rooms = [...this.rooms.values()].sort((a, b) => a.name.localeCompare(b.name));
    this.count.textContent = rooms.length === 0 ? "" : String(rooms.length);
    if (!online) this.note.textContent = this.texts.say("rooms.offline");
    else this.note.textContent = rooms.length === 0 && !this.stale ? this.texts.say("rooms.none") : "";
    for (const [id, card] of this.cards) {
      if (this.rooms.has(id)) continue;
      card.element.remove();
      this.cards.delete(id);
    }
    for (const [index, room] of rooms.entries()) {
      let card = this.cards.get(room.room_id);
      if (card === undefined) {
        card = new RoomCard(this.texts, () => this.release(room.room_id));
        this.cards.set(room.room_id, card);
      }
      card.draw(room);
      if (this.list.children[index] !== card.element)
        this.list.insertBefore(card.element, this.list.children[index] ?? null);
    }
  }

  private async release(room: string): Promise<string> {
    const outcome = await this.line.ask("room.release", { room });
    return outcome.ok ? "" : this.texts.error(outcome.error.code, outcome.error.message);
  }
}
