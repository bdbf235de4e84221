import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Identity, type IdentityHome } from "../src/identity.js";

class Keep {
  readonly items = new Map<string, string>();
  getItem(name: string): string | null {
    return this.items.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.items.set(name, value);
  }
}

/** As much of Web Locks as is used; `release` is a tab that goes away. */
class FakeLocks {
  private readonly held = new Set<string>();
  private readonly waiting: { name: string; take: () => void }[] = [];

  request(
    name: string,
    options: { ifAvailable?: boolean; signal?: AbortSignal },
    use: (lock: object | null) => unknown,
  ): Promise<unknown> {
    if (!this.held.has(name)) {
      this.held.add(name);
      return Promise.resolve(use({ name }));
    }
    if (options.ifAvailable === true) return Promise.resolve(use(null));
    return new Promise((resolve, reject) => {
      this.waiting.push({
        name,
        take: () => {
          this.held.add(name);
          resolve(use({ name }));
        },
      });
      options.signal?.addEventListener("abort", () => {
        reject(new DOMException("aborted", "AbortError"));
      });
    });
  }

  release(name: string): void {
    this.held.delete(name);
    this.waiting.find((other) => other.name === name)?.take();
  }
}

const ids: string[] = [];
let local: Keep;

beforeEach(() => {
  local = new Keep();
  ids.length = 0;
});

function tab(home: Partial<IdentityHome>): Identity {
  return new Identity({ local, session: new Keep(), locks: undefined, channel: undefined, ...home });
}

describe.each(["Web Locks", "BroadcastChannel"])("with %s", (means) => {
  const channels: BroadcastChannel[] = [];
  let home: Partial<IdentityHome>;

  beforeEach(() => {
    const locks = new FakeLocks() as unknown as LockManager;
    const channel = (name: string): BroadcastChannel => {
      const opened = new BroadcastChannel(name);
      channels.push(opened);
      return opened;
    };
    home = means === "Web Locks" ? { locks } : { channel };
  });

  afterEach(() => {
    for (const channel of channels.splice(0)) channel.close();
  });

  it("a profile has one id for ever, and further tabs have their own, in a row", async () => {
    const first = await tab(home).take();
    const second = await tab(home).take();
    const third = await tab(home).take();
    expect(first).toMatch(/^tavern-[\w-]+$/);
    expect([second, third]).toEqual([`${first}-2`, `${first}-3`]);
  });

  it("a duplicated tab, which has a copy of the first one's memory, gets its own", async () => {
    const session = new Keep();
    const first = await tab({ ...home, session }).take();
    const copy = new Keep();
    for (const [name, value] of session.items) copy.setItem(name, value);
    expect(await tab({ ...home, session: copy }).take()).toBe(`${first}-2`);
  });
});

it("a reloaded tab waits for its former self and keeps its id", async () => {
  const locks = new FakeLocks();
  const home = { locks: locks as unknown as LockManager };
  const first = await tab(home).take();
  const session = new Keep();
  const second = await tab({ ...home, session }).take();
  const reloaded = tab({ ...home, session }).take();
  setTimeout(() => {
    locks.release(`tavernlink:${second}`);
  }, 20);
  expect(await reloaded).toBe(second);
  expect(second).toBe(`${first}-2`);
});

it("two tabs that start together agree on who gets which", async () => {
  const opened: BroadcastChannel[] = [];
  const channel = (name: string): BroadcastChannel => {
    const one = new BroadcastChannel(name);
    opened.push(one);
    return one;
  };
  await tab({ channel }).take();
  const taken = await Promise.all([tab({ channel }).take(), tab({ channel }).take()]);
  expect(new Set(taken).size).toBe(2);
  for (const one of opened) one.close();
});

it("an id that the hub gave to another becomes one of this tab's own", async () => {
  const identity = tab({ locks: new FakeLocks() as unknown as LockManager });
  const id = await identity.take();
  const [next, other] = [identity.replace(), identity.replace()];
  expect(next.startsWith(`${id}-`)).toBe(true);
  expect(next).not.toBe(other);
  vi.restoreAllMocks();
});
