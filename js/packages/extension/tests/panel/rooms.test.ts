// @vitest-environment jsdom
import type { MemberInfo, RoomInfo, RoomSettings } from "@tavernlink/client";
import { beforeEach, expect, it } from "vitest";

import { RoomsView } from "../../src/panel/rooms.js";
import { Texts } from "../../src/panel/texts.js";
import { FakeLine, HandSight, ONLINE, openTemplate, part, settled, text } from "./stand_in.js";

let line: FakeLine;
let sight: HandSight;
let rooms: RoomInfo[];

const member = (id: string, more: Partial<MemberInfo> = {}): MemberInfo => ({
  id,
  kind: "app",
  name: id,
  role: "member",
  online: true,
  persona: null,
  muted_until: null,
  typing: null,
  held: 0,
  ...more,
});

function room(name: string, more: Partial<RoomInfo> = {}): RoomInfo {
  return {
    room_id: `id-${name}`,
    name,
    topic: "",
    created: 0,
    owner: "t",
    settings: { mode: "host" } as RoomSettings,
    role: "owner",
    members: [member("ann"), member("ben", { online: false, role: "guest", held: 2 })],
    online: 1,
    total: 2,
    held: 0,
    closes: null,
    ...more,
  };
}

const cards = (): HTMLElement[] => [...part("rooms").querySelectorAll<HTMLElement>(":scope > li")];
const members = (): (string | null)[] =>
  [...part("rooms").querySelectorAll(".tavernlink-members li")].map(({ textContent }) => textContent);
const button = (): HTMLButtonElement =>
  part("rooms").querySelector("button") ?? document.createElement("button");

beforeEach(() => {
  line = new FakeLine();
  sight = new HandSight(false);
  rooms = [room("den", { topic: "Tales" }), room("public", { role: null })];
  line.answers["room.list"] = () => rooms.map((each) => ({ ...each, members: [] }));
  line.answers["room.get"] = ({ room: id }: { room: string }) => rooms.find((each) => each.room_id === id);
  new RoomsView(openTemplate(), line, new Texts((words) => words), sight, () => Promise.resolve());
});

it("asks for rooms only while somebody looks, and shows those that this tavern is in", async () => {
  line.become(ONLINE);
  await settled();
  expect(line.asked).toEqual([]);
  sight.set(true);
  await settled();
  expect(cards().map(({ dataset }) => dataset["room"])).toEqual(["den"]);
  expect(cards()[0]?.textContent).toContain("Tales · owner · 1 of 2 online");
  expect(cards()[0]?.textContent).toContain("A host decides when what was said is answered.");
  expect(members()).toEqual(["ann member", "ben guest, waiting: 2"]);
  expect(part("rooms").querySelectorAll('[aria-label="online"]')).toHaveLength(1);
  expect(text("rooms-count")).toBe("1");
});

it("follows turns, typing and who comes and goes, and leaves alone what stays", async () => {
  sight.set(true);
  line.become(ONLINE);
  await settled();
  const [ann] = part("rooms").querySelectorAll(".tavernlink-members li");
  line.tell("room.typing", { room: "id-den", member: "ben", name: "ben", state: "typing" });
  expect(members()[1]).toContain("is typing");
  expect(part("rooms").querySelector(".tavernlink-members li")).toBe(ann);
  line.tell("room.turn", {
    room: "id-den",
    state: "running",
    mode: "host",
    held: 0,
    waiting: [],
    request_id: "r",
    error: null,
  });
  expect(cards()[0]?.textContent).toContain("A reply is being written.");
  await settled();
  rooms = [room("den", { members: [member("ann"), member("cleo")], online: 2 })];
  line.tell("room.changed", { room: "id-den", room_name: "den", what: "joined" });
  await settled();
  expect(members()).toEqual(["ann member", "cleo member"]);
  rooms = [];
  line.tell("room.closed", { room: "id-den", room_name: "den", why: "deleted" });
  await settled();
  expect(cards()).toEqual([]);
  expect(text("rooms-note")).toContain("is in no room");
  line.become({ name: "idle" });
  expect(text("rooms-note")).toContain("Connect to a hub");
});

it("lets a host release what waits, and says what stands against it", async () => {
  sight.set(true);
  line.become(ONLINE);
  await settled();
  expect(button().hidden).toBe(true);
  rooms = [room("den", { held: 3 })];
  line.tell("room.message", {
    room: "id-den",
    message_id: "m",
    role: "user",
    name: "ann",
    text: "Hi",
    time: 1,
  });
  await settled();
  expect([button().hidden, button().textContent]).toEqual([false, "Release 3"]);
  line.answers["room.release"] = () => {
    throw Object.assign(new Error("No tavern of the room is connected."), { code: "no_tavern" });
  };
  button().click();
  await settled();
  expect(line.asked.at(-1)).toEqual(["room.release", { room: "id-den" }]);
  expect(cards()[0]?.textContent).toContain("No tavern of the room is connected.");
  expect(button().disabled).toBe(false);
  rooms = [room("den", { settings: { mode: "manual" } as RoomSettings })];
  line.tell("room.changed", { room: "id-den", room_name: "den", what: "settings" });
  await settled();
  expect(button().textContent).toBe("Ask for a reply");
  rooms = [room("den", { held: 3, role: "member" })];
  line.tell("room.changed", { room: "id-den", room_name: "den", what: "role" });
  await settled();
  expect(button().hidden).toBe(true);
});
