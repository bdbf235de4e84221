import { beforeEach, expect, it, vi } from "vitest";

import { SaveWatch, type Loaded } from "../../src/host/saves.js";

let time = 0;
let tell: (loaded: readonly Loaded[]) => void;
let watch: SaveWatch;
let saves: (() => void)[];
const saveChat = vi.fn(() => {
  saves.shift()?.();
  return Promise.resolve();
});

function loaded(responseStatus: number | undefined, name = "http://st/api/chats/save"): void {
  tell([{ name, startTime: time, ...(responseStatus === undefined ? {} : { responseStatus }) }]);
}

beforeEach(() => {
  time = 100;
  saves = [];
  saveChat.mockClear();
  vi.stubGlobal("SillyTavern", { getContext: () => ({ saveChat }) });
  watch = new SaveWatch(
    (listener) => {
      tell = listener;
      return () => undefined;
    },
    () => time,
    20,
  );
});

it("is content with a save that went well", async () => {
  saves = [
    () =>
      setTimeout(() => {
        loaded(200);
      }),
  ];
  await watch.save();
  expect(saveChat).toHaveBeenCalledTimes(1);
});

it("saves again where SillyTavern did not, and where its server refused", async () => {
  saves = [
    () => undefined,
    () => {
      loaded(500);
    },
    () => {
      loaded(200, "http://st/api/settings/save");
    },
    () => {
      loaded(200);
    },
  ];
  await watch.save();
  expect(saveChat).toHaveBeenCalledTimes(4);
});

it("says so where the chat cannot be saved", async () => {
  await expect(watch.save()).rejects.toMatchObject({ code: "save_failed" });
});

it("takes a browser at its word that does not tell the status, and knows a group's chat", async () => {
  saves = [
    () => {
      loaded(undefined, "http://st/api/chats/group/save");
    },
  ];
  await watch.save();
  saves = [
    () => {
      loaded(0);
    },
  ];
  await watch.save();
  expect(saveChat).toHaveBeenCalledTimes(2);
});

it("does not count a save that began before it was asked for", async () => {
  loaded(200);
  time = 200;
  saves = [
    () => {
      tell([{ name: "http://st/api/chats/save", startTime: 150 }]);
    },
    () => {
      loaded(200);
    },
  ];
  await watch.save();
  expect(saveChat).toHaveBeenCalledTimes(2);
});

it("saves a reply only where SillyTavern has not", async () => {
  await watch.ensure();
  watch.receiveChange();
  time = 150;
  loaded(200);
  await watch.ensure();
  expect(saveChat).not.toHaveBeenCalled();
  time = 200;
  watch.receiveChange();
  saves = [
    () => {
      loaded(200);
    },
  ];
  await watch.ensure();
  expect(saveChat).toHaveBeenCalledTimes(1);
});
