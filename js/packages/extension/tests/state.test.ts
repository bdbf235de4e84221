import { expect, it } from "vitest";

import { StateReport } from "../src/state.js";
import { FakeOutlet, FakeTavern } from "./fake_tavern.js";

function open(): { tavern: FakeTavern; outlet: FakeOutlet; report: StateReport } {
  const tavern = new FakeTavern();
  const outlet = new FakeOutlet();
  const report = new StateReport(
    { read: tavern.read, generating: () => false, pause: () => Promise.resolve() },
    outlet,
  );
  report.listen();
  return { tavern, outlet, report };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

it("says what is open", () => {
  const { outlet, report } = open();
  report.restart();
  expect(outlet.contents("tavern.state")).toEqual([
    {
      user: "Traveller",
      generating: false,
      character: "Seraphina",
      character_id: "seraphina.png",
      chat_id: "chat-1",
      backend: "custom/stand-in",
    },
  ]);
});

it("says which SillyTavern it is, where that is known", () => {
  const { tavern, outlet } = open();
  const page = { read: tavern.read, generating: () => false, server: () => "server-x", pause: settled };
  new StateReport(page, outlet).restart();
  expect(outlet.contents("tavern.state").at(-1)).toMatchObject({ server: "server-x" });
});

it("says so when nothing is open and no model is connected", () => {
  const { tavern, outlet, report } = open();
  tavern.characterId = undefined;
  tavern.chatId = undefined;
  tavern.onlineStatus = "no_connection";
  report.restart();
  expect(outlet.contents("tavern.state")).toEqual([{ user: "Traveller", generating: false }]);
});

it("names a group by its id", () => {
  const { tavern, outlet, report } = open();
  tavern.groups = [{ id: "g1", name: "Party", members: [], disabled_members: [] }];
  tavern.groupId = "g1";
  tavern.characterId = undefined;
  report.restart();
  expect(outlet.contents("tavern.state")[0]).toMatchObject({ character: "Party", character_id: "g1" });
  expect(outlet.contents("characters.changed")[0]?.characters).toEqual([
    { id: "seraphina.png", name: "Seraphina" },
    { id: "g1", name: "Party", kind: "group" },
  ]);
});

it("sends a change once, and nothing where nothing changed", async () => {
  const { tavern, outlet, report } = open();
  report.restart();
  outlet.sent.length = 0;
  tavern.emit("CHAT_CHANGED");
  tavern.emit("ONLINE_STATUS_CHANGED");
  await settled();
  expect(outlet.sent).toEqual([]);
  tavern.onlineStatus = "no_connection";
  tavern.characters.push({ name: "Bob", avatar: "bob.png" });
  tavern.emit("ONLINE_STATUS_CHANGED");
  tavern.emit("CHARACTER_PAGE_LOADED");
  await settled();
  expect(outlet.sent.map(([type]) => type)).toEqual(["tavern.state", "characters.changed"]);
});
