// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { BuildOrder } from "../../src/host/body.js";
import { PromptBuilder } from "../../src/host/build.js";
import { Gate } from "../../src/host/gate.js";
import { FakePage } from "./fake_page.js";

let page: FakePage;
let gate: Gate;
let builder: PromptBuilder;
const signal = new AbortController().signal;

beforeEach(() => {
  page = new FakePage();
  gate = new Gate();
  builder = new PromptBuilder(gate, {
    setCharacterName: (name) => {
      page.name2 = name;
    },
  });
});

afterEach(() => {
  gate.dispose();
  delete document.body.dataset["generating"];
});

function order(text: string, more: Partial<BuildOrder> = {}): BuildOrder {
  return { messages: [{ role: "user", content: text }], parameters: {}, stream: true, ...more };
}

function prompt(body: Record<string, unknown>): string[] {
  return (body["messages"] as { content: string }[]).map(({ content }) => content);
}

describe("a build", () => {
  it("gets the given history and leaves the open chat as it was", async () => {
    const { body, character } = await builder.build(order("question"), signal);
    expect(prompt(body)).toEqual(["Seraphina: SERAPHINA", "question"]);
    expect(character).toBe("Seraphina");
    expect(page.chat.map(({ mes }) => mes)).toEqual(["Hello {{user}}."]);
    expect(Object.getOwnPropertyNames(page.chat)).toEqual(["0", "length"]);
    expect(body).toMatchObject({ type: "normal", stream: true });
    expect(body).not.toHaveProperty("use_sysprompt");
    expect(builder.method).toBe("filter");
  });

  it("exchanges the array's content where a version reads the history in another way", async () => {
    page.takeHistory = (chat) => chat.map((entry) => ({ ...entry }));
    const { body } = await builder.build(order("question"), signal);
    expect(prompt(body)).toEqual(["Seraphina: SERAPHINA", "question"]);
    expect(builder.method).toBe("array");
    expect(page.chat.map(({ mes }) => mes)).toEqual(["Hello {{user}}."]);
    await builder.build(order("again"), signal);
    expect(page.dryRuns).toBe(3);
  });

  it("refuses where neither way fits", async () => {
    page.takeHistory = () => [];
    await expect(builder.build(order("question"), signal)).rejects.toMatchObject({
      code: "detached_unsupported",
    });
    expect(page.chat.map(({ mes }) => mes)).toEqual(["Hello {{user}}."]);
  });

  it("runs one at a time", async () => {
    page.during = () => new Promise((resolve) => setTimeout(resolve, 2));
    const built = await Promise.all(["a", "b", "c"].map((text) => builder.build(order(text), signal)));
    expect(built.map(({ body }) => prompt(body).at(-1))).toEqual(["a", "b", "c"]);
  });

  it("says when nothing is connected, open, or possible", async () => {
    page.online = "no_connection";
    await expect(builder.build(order("x"), signal)).rejects.toMatchObject({ code: "no_backend" });
    page.online = "Valid";
    page.mainApi = "novel";
    await expect(builder.build(order("x"), signal)).rejects.toMatchObject({ code: "unsupported_backend" });
    page.mainApi = "openai";
    page.characterId = undefined;
    await expect(builder.build(order("x"), signal)).rejects.toMatchObject({ code: "no_character" });
  });

  it("tells when the messages did not fit", async () => {
    page.takeHistory = (chat) => {
      chat.filter(({ mes }) => mes !== "");
      return [];
    };
    await expect(builder.build(order("x"), signal)).rejects.toMatchObject({ code: "context_exceeded" });
  });
});

describe("another character", () => {
  it("speaks without the open one noticing", async () => {
    const seen: unknown[] = [];
    page.during = () => {
      // What a save would read in the middle of a build.
      const open = page.characters[0];
      seen.push([
        open?.name,
        open?.avatar,
        open?.chat,
        open?.["first_mes"],
        open?.["description"],
        page.name2,
      ]);
      return Promise.resolve();
    };
    const { body, character } = await builder.build(order("question", { character: "bob.png" }), signal);
    expect(prompt(body)[0]).toBe("Bob: BOB");
    expect(character).toBe("Bob");
    expect(seen).toEqual([["Seraphina", "seraphina.png", "own chat", undefined, "BOB", "Bob"]]);
    expect(page.name2).toBe("Seraphina");
    expect(page.characters[0]?.["description"]).toBe("SERAPHINA");
  });

  it("works with nothing open", async () => {
    page.characterId = undefined;
    page.name2 = "";
    const { body } = await builder.build(order("question", { character: "Bob" }), signal);
    expect(prompt(body)[0]).toBe("Bob: BOB");
    expect(Object.getOwnPropertyNames(page.characters)).toEqual(["0", "1", "length"]);
    expect(page.name2).toBe("");
  });

  it("keeps what is written to the open character meanwhile", async () => {
    page.during = () => {
      const [open] = page.characters;
      if (open !== undefined) open["date_last_chat"] = 4711;
      return Promise.resolve();
    };
    await builder.build(order("question", { character: "Bob" }), signal);
    expect(page.characters[0]?.["date_last_chat"]).toBe(4711);
    expect(page.characters[1]?.["date_last_chat"]).toBeUndefined();
  });

  it("gives the place back before a click arrives, and builds again", async () => {
    const names: string[] = [];
    document.body.addEventListener("click", () => names.push(page.name2), { once: true });
    let clicks = 1;
    page.during = () => {
      if (clicks > 0) {
        clicks -= 1;
        document.body.click();
      }
      return Promise.resolve();
    };
    const { body } = await builder.build(order("question", { character: "Bob" }), signal);
    expect(names).toEqual(["Seraphina"]);
    expect(prompt(body)[0]).toBe("Bob: BOB");
    expect(page.dryRuns).toBe(2);
    expect(page.name2).toBe("Seraphina");
  });

  it("builds again when the person changed chats meanwhile", async () => {
    let switches = 1;
    page.during = () => {
      if (switches > 0) {
        switches -= 1;
        page.chatId = "another chat";
      }
      return Promise.resolve();
    };
    const { body } = await builder.build(order("question", { character: "Bob" }), signal);
    expect(prompt(body)).toEqual(["Bob: BOB", "question"]);
    expect(page.dryRuns).toBe(2);
  });

  it("must be known and unmistakable", async () => {
    await expect(builder.build(order("x", { character: "Nobody" }), signal)).rejects.toMatchObject({
      code: "unknown_character",
    });
    page.characters.push({ name: "Bob", avatar: "bob2.png" });
    await expect(builder.build(order("x", { character: "Bob" }), signal)).rejects.toMatchObject({
      code: "unknown_character",
      details: { ids: ["bob.png", "bob2.png"] },
    });
  });
});

describe("the open chat's metadata", () => {
  it("does not replace parts of another character's card, and keeps its order", async () => {
    page.metadata = { scenario: "the open chat's", integrity: "i" };
    const seen: unknown[] = [];
    const own = page.takeHistory;
    page.takeHistory = (chat) => {
      seen.push(page.metadata["scenario"]);
      return own(chat);
    };
    await builder.build(order("x", { character: "Bob" }), signal);
    expect(seen).toEqual([undefined]);
    expect(JSON.stringify(page.metadata)).toBe('{"scenario":"the open chat\'s","integrity":"i"}');
  });

  it("loses what world info leaves behind, and keeps what was there", async () => {
    page.during = () => {
      page.metadata["timedWorldInfo"] ??= { sticky: {}, cooldown: {} };
      return Promise.resolve();
    };
    await builder.build(order("x"), signal);
    expect(page.metadata).toEqual({});
    page.metadata["timedWorldInfo"] = { sticky: { a: {} }, cooldown: {} };
    await builder.build(order("x"), signal);
    expect(page.metadata).toEqual({ timedWorldInfo: { sticky: { a: {} }, cooldown: {} } });
  });
});

describe("the gate", () => {
  it("holds a generation that begins during a build", async () => {
    const events: string[] = [];
    let visible: Promise<unknown> | undefined;
    page.during = async () => {
      events.push("built");
      visible ??= page.generate("normal");
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const build = builder.build(order("x"), signal);
    await build;
    events.push("build done");
    await visible;
    expect(events).toEqual(["built", "build done", "built"]);
  });

  it("lets a build wait for a visible generation", async () => {
    let finish = (): void => undefined;
    page.during = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const visible = page.generate("normal");
    await vi.waitFor(() => {
      expect(gate.visible).toBe(true);
    });
    let done = false;
    const build = builder.build(order("x"), signal).then((built) => {
      done = true;
      return built;
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(page.dryRuns).toBe(0);
    page.during = () => Promise.resolve();
    finish();
    await visible;
    await build;
    expect(done).toBe(true);
  });

  it("lets no build begin while somebody speaks under another name", async () => {
    let endFirst = (): void => undefined;
    page.during = () =>
      new Promise((resolve) => {
        endFirst = resolve;
      });
    const first = builder.build(order("x"), signal);
    await vi.waitFor(() => {
      expect(page.dryRuns).toBe(1);
    });
    let reserved = false;
    const reserving = gate.reserve(signal).then((release) => {
      reserved = true;
      return release;
    });
    const second = builder.build(order("x"), signal);
    page.during = () => Promise.resolve();
    expect(reserved).toBe(false);
    endFirst();
    const release = await reserving;
    await first;
    expect(page.dryRuns).toBe(1);
    release();
    await second;
    expect(page.dryRuns).toBe(2);
  });

  it("gives up waiting when the request is cancelled", async () => {
    document.body.dataset["generating"] = "true";
    const abort = new AbortController();
    const build = builder.build(order("x"), abort.signal);
    abort.abort();
    await expect(build).rejects.toMatchObject({ code: "cancelled" });
  });
});
