import type { RequestInfo } from "@tavernlink/client";
import { describe, expect, test } from "vitest";

import { finished, isLooking, lasting, merged, open, pruned } from "../src/hub/request-list.js";

const info = (request_id: string, more: Partial<RequestInfo> = {}): RequestInfo => ({
  request_id,
  state: "queued",
  type: "send",
  tavern: "t1",
  position: null,
  key: "k1",
  asker: "bot",
  session: null,
  character: null,
  priority: 0,
  asked: 100,
  started: null,
  finished: null,
  tokens: null,
  error: null,
  ...more,
});

describe("requests on the page", () => {
  test("come in, change in place, and stay finished whatever comes late", () => {
    let list = merged([], info("a"));
    list = merged(list, info("b", { position: 1 }));
    list = merged(list, info("a", { state: "running" }));
    expect(list.map(({ request_id, state }) => [request_id, state])).toEqual([
      ["b", "queued"],
      ["a", "running"],
    ]);
    list = merged(list, info("a", { state: "done", finished: 104 }));
    expect(merged(list, info("a", { state: "running" }))).toEqual(list);
  });

  test("of two keys with one id are two", () => {
    expect(merged([info("a")], info("a", { key: "k2" }))).toHaveLength(2);
  });

  test("are listed running ones first, then by their place", () => {
    const list = [
      info("third", { position: 2 }),
      info("first", { state: "running" }),
      info("second", { position: 1 }),
      info("over", { state: "failed", finished: 101 }),
    ];
    expect(open(list).map(({ request_id }) => request_id)).toEqual(["first", "second", "third"]);
  });

  test("that are over go after ten minutes, the newest stand first", () => {
    const list = [
      info("old", { state: "done", finished: 100 }),
      info("lately", { state: "failed", finished: 690 }),
      info("just now", { state: "cancelled", finished: 700 }),
      info("waits"),
    ];
    expect(finished(list, 701).map(({ request_id }) => request_id)).toEqual(["just now", "lately"]);
    expect(pruned(list, 701).map(({ request_id }) => request_id)).toEqual(["lately", "just now", "waits"]);
  });

  test("that only read are told apart", () => {
    expect(
      ["character.avatar", "send", "chat.delete", "unheard.of"].filter((type) => isLooking({ type })),
    ).toEqual(["character.avatar"]);
  });

  test.each([
    [0.84, "en", "0.8 sec"],
    [-0.2, "en", "0.0 sec"],
    [42.4, "en", "42 sec"],
    [185, "en", "3 min 5 sec"],
    [7_405, "en", "2 hr 3 min"],
    [185, "zh", "3分钟 5秒"],
  ])("take %d seconds, said in %s as %s", (seconds, language, text) => {
    expect(lasting(seconds, language)).toBe(text);
  });
});
