// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from "vitest";

import { Texts } from "../../src/panel/texts.js";
import { Follow } from "../../src/profiles/follow.js";
import { ProfilesPanel } from "../../src/panel/profiles.js";
import { lore, openPlace } from "../profiles/stand_in.js";
import { openTemplate } from "./stand_in.js";

let answer: (content: HTMLElement) => boolean;
let asked: string[];
let place: ReturnType<typeof openPlace>;
let panel: ProfilesPanel;

beforeEach(() => {
  const template = openTemplate();
  place = openPlace();
  asked = [];
  answer = () => true;
  const follow = new Follow(place.profiles, {
    whenQuiet: () => Promise.resolve(),
    later: () => undefined,
    alone: (work) => work(),
    report: (event) => {
      panel.report(event);
    },
  });
  panel = new ProfilesPanel(template, place.profiles, follow, new Texts((text) => text), {
    confirm: (content) => {
      asked.push(content.textContent);
      return Promise.resolve(answer(content));
    },
    notify: vi.fn(),
    log: vi.fn(),
  });
});

const status = (): string => document.querySelector('[data-part="profiles"]')?.textContent ?? "";
const button = (id: string): HTMLButtonElement =>
  document.querySelector(`#${id}`) ?? document.createElement("button");
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

async function press(id: string): Promise<void> {
  expect(button(id).disabled).toBe(false);
  button(id).click();
  await settled();
}

async function goOnline(): Promise<void> {
  panel.setOnline(true);
  await settled();
}

it("asks to connect, then lists the hub's profiles", async () => {
  expect(status()).toContain("Connect to the hub");
  expect(button("tavernlink_pull").disabled).toBe(true);
  place.hub.put(lore("A", "1"));
  await goOnline();
  expect(button("tavernlink_profile").textContent).toBe("p (version 1, other)");
  expect(button("tavernlink_undo").disabled).toBe(true);
});

it("shows what would change field by field, leaves conflicts unticked, applies the rest and undoes it", async () => {
  place.hub.put(lore("New", "1"), lore("Mine", "theirs <b>"));
  place.shelves.set(lore("Mine", "mine"));
  await goOnline();
  let ticked: boolean[] = [];
  answer = (content) => {
    ticked = [...content.querySelectorAll<HTMLInputElement>("input")].map((box) => box.checked);
    expect(content.querySelector("b b")).toBeNull();
    return true;
  };
  await press("tavernlink_pull");
  expect(asked[0]).toContain("entries.0.content");
  expect(asked[0]).toContain('"theirs <b>"');
  expect(asked[0]).toContain("you changed it");
  expect(ticked).toEqual([true, false]);
  expect(status()).toBe("p: 1 items taken over (version 1).");
  await press("tavernlink_undo");
  expect(status()).toBe("1 items are as they were before.");
  expect([...place.shelves.items.keys()]).toEqual(["lorebook/Mine"]);
});

it("says so when nothing differs, and does nothing when the person says no", async () => {
  place.hub.put(lore("A", "1"));
  await goOnline();
  answer = () => false;
  await press("tavernlink_pull");
  expect(place.shelves.items.size).toBe(0);
  answer = () => true;
  await press("tavernlink_pull");
  await press("tavernlink_pull");
  expect(status()).toBe("Everything is already as in p.");
});

it("publishes what was ticked under the name that was typed", async () => {
  place.shelves.set(lore("A", "1"), lore("B", "2"));
  await goOnline();
  answer = (content) => {
    const name = content.querySelector<HTMLInputElement>("#tavernlink_publish_name");
    const box = content.querySelector<HTMLInputElement>('[data-key="lorebook/B"]');
    if (name === null || box === null) return false;
    name.value = " p ";
    box.checked = true;
    return true;
  };
  await press("tavernlink_publish");
  expect(place.hub.versions[0]?.items).toEqual([lore("B", "2")]);
  expect(status()).toBe("p is published (version 1, 1 items).");
  answer = () => true;
  await press("tavernlink_publish");
  expect(status()).toBe("Choose a name and at least one item.");
});

it("follows from the moment the box is ticked, and tells what went wrong in words", async () => {
  place.hub.put(lore("A", "1"));
  await goOnline();
  await press("tavernlink_follow");
  expect(place.memory.follows("p")).toBe(true);
  expect(place.shelves.items.size).toBe(1);
  expect(status()).toBe("p: 1 items taken over (version 1).");
  await press("tavernlink_follow");
  expect(place.memory.follows("p")).toBe(false);
  place.hub.down = true;
  await press("tavernlink_pull");
  expect(status()).toBe("p: disconnected");
});
