// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { STContext, STMessage } from "../../src/host/context.js";
import { goBack, goTo, here, ownerOf, pointTo, reloadIfOld } from "../../src/host/places.js";

/** SillyTavern as far as opening chats goes: cards in the page, chats on a disk. */
class Shelf {
  readonly disk = new Map<string, string[]>([
    ["ann.png/usual", ["hello"]],
    ["ann.png/session", ["greeting", "one"]],
    ["bob.png/bob's", ["beep"]],
  ]);
  readonly characters = [
    { name: "Ann", avatar: "ann.png", chat: "usual" },
    { name: "Bob", avatar: "bob.png", chat: "bob's" },
  ];
  readonly chat: STMessage[] = [];
  readonly cleared: (string | undefined)[] = [];
  open: number | undefined = 0;
  loads = 0;
  /** What SillyTavern does while it saves: nothing, without a word. */
  deaf = false;

  constructor() {
    vi.stubGlobal("SillyTavern", { getContext: () => this.context() });
    vi.stubGlobal("fetch", (address: string, init: { body: string }) =>
      Promise.resolve(new Response(JSON.stringify(this.answer(address, init.body)))),
    );
    this.load();
  }

  load(): void {
    this.loads += 1;
    const card = this.characters[this.open ?? -1];
    const texts = card === undefined ? [] : (this.disk.get(`${card.avatar}/${card.chat}`) ?? []);
    this.chat.splice(0, this.chat.length, ...texts.map((mes) => ({ mes }) as STMessage));
  }

  private answer(address: string, body: string): unknown {
    const asked = JSON.parse(body) as { avatar_url: string; file_name?: string };
    if (address === "/api/chats/get")
      return [{}, ...(this.disk.get(`${asked.avatar_url}/${asked.file_name}`) ?? []).map((mes) => ({ mes }))];
    const names = [...this.disk.keys()].filter((key) => key.startsWith(`${asked.avatar_url}/`));
    return names.length === 0
      ? { error: true }
      : names.map((key) => ({ file_name: `${key.split("/")[1] ?? ""}.jsonl` }));
  }

  private context(): STContext {
    const current = (): string | undefined => this.characters[this.open ?? -1]?.chat;
    return {
      chat: this.chat,
      characters: this.characters,
      groups: [],
      characterId: this.open,
      groupId: null,
      getCurrentChatId: current,
      getRequestHeaders: () => ({}),
      clearChat: () => {
        this.cleared.push(current());
        this.chat.length = 0;
        return Promise.resolve();
      },
      reloadCurrentChat: () => {
        this.load();
        return Promise.resolve();
      },
      selectCharacterById: (index: number) => {
        if (!this.deaf) {
          this.open = index;
          this.load();
        }
        return Promise.resolve();
      },
    } as unknown as STContext;
  }
}

let shelf: Shelf;

beforeEach(() => {
  shelf = new Shelf();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("goTo", () => {
  it("opens another chat of the open character, and puts the old one away under its own name", async () => {
    await goTo("ann.png", "session", {});
    expect(here()).toEqual({ character: "ann.png", group: null, chat: "session" });
    expect(shelf.chat.map(({ mes }) => mes)).toEqual(["greeting", "one"]);
    expect(shelf.cleared).toEqual(["usual"]);
  });

  it("opens another character at once in the chat that is wanted", async () => {
    shelf.open = 1;
    await goTo("ann.png", "session", {});
    expect([here().chat, shelf.loads]).toEqual(["session", 2]);
  });

  it("waits for a save that is under way", async () => {
    let looks = 0;
    await goTo("ann.png", "session", { isChatSaving: () => (looks += 1) < 3 });
    expect(looks).toBe(3);
  });

  it("says so when SillyTavern did not open it", async () => {
    shelf.deaf = true;
    await expect(goTo("bob.png", "bob's", {})).rejects.toMatchObject({ code: "busy" });
  });

  it("goes back, also where the place is gone", async () => {
    const before = here();
    await goTo("bob.png", "bob's", {});
    expect(await goBack(before, {})).toBe(true);
    expect(here()).toEqual(before);
    expect(await goBack({ character: "gone.png", group: null, chat: "x" }, {})).toBe(false);
  });

  it("points a character that is not open back to its chat without opening it", () => {
    shelf.open = 1;
    pointTo("ann.png", "session");
    expect([shelf.characters[0]?.chat, shelf.loads]).toEqual(["session", 1]);
  });
});

describe("reloadIfOld", () => {
  it("loads again what another tab changed, after the time that a save of one's own would take", async () => {
    vi.useFakeTimers();
    expect(await reloadIfOld("ann.png", "usual")).toBe(false);
    shelf.disk.get("ann.png/usual")?.push("from another tab");
    const reloaded = reloadIfOld("ann.png", "usual");
    await vi.advanceTimersByTimeAsync(1_500);
    expect(await reloaded).toBe(true);
    expect(shelf.chat.at(-1)?.mes).toBe("from another tab");
  });

  it("leaves alone what this page is about to save", async () => {
    vi.useFakeTimers();
    shelf.chat.push({ mes: "not saved yet" } as STMessage);
    const reloaded = reloadIfOld("ann.png", "usual");
    await vi.advanceTimersByTimeAsync(500);
    shelf.disk.get("ann.png/usual")?.push("not saved yet");
    await vi.advanceTimersByTimeAsync(1_000);
    expect([await reloaded, shelf.loads]).toEqual([false, 1]);
  });
});

describe("ownerOf", () => {
  it("finds the character that has the chat, whatever its avatar file is called by now", async () => {
    expect(await ownerOf("session", "ann.png")).toBe("ann.png");
    expect(await ownerOf("session", "old-name.png")).toBe("ann.png");
    expect(await ownerOf("session", "bob.png")).toBe("ann.png");
    expect(await ownerOf("nowhere", "ann.png")).toBeNull();
  });

  it("guesses nothing where two have it", async () => {
    shelf.disk.set("bob.png/session", ["a copy"]);
    expect(await ownerOf("session", null)).toBeNull();
    expect(await ownerOf("session", "bob.png")).toBe("bob.png");
  });
});
