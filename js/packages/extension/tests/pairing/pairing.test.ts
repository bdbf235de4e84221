import { describe, expect, it } from "vitest";

import { pair, type Ending, type Shown } from "../../src/pairing/pairing.js";

const ASKED = { code: "K7WQ2MXA", ticket: "t0ps3cr3t", seconds: 300, interval: 2 };

/** A hub that answers each request with the next of these; an Error is a line that is down. */
class Hub {
  time = 0;
  readonly asked: [string, unknown][] = [];
  readonly shown: Shown[] = [];
  readonly abort = new AbortController();

  constructor(private readonly answers: unknown[]) {}

  pair(address = "ws://hub.home:8001/tavern/"): Promise<Ending> {
    return pair(
      address,
      "Alex",
      {
        fetch: (url, init) => {
          this.asked.push([(url as URL).href, JSON.parse(init?.body as string)]);
          const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
          if (answer instanceof Error) return Promise.reject(answer);
          return Promise.resolve(new Response(JSON.stringify(answer)));
        },
        wait: (seconds) => {
          this.time += seconds * 1000;
          return Promise.resolve();
        },
        now: () => this.time,
      },
      this.abort.signal,
      (shown) => this.shown.push(shown),
    );
  }
}

const ok = (result: unknown): unknown => ({ ok: true, result });
const no = (code: string): unknown => ({ ok: false, error: { code, message: `It is ${code}.` } });

describe("pair", () => {
  it("shows the code, waits, and gives the key once it is approved", async () => {
    const hub = new Hub([
      ok(ASKED),
      ok({ state: "waiting" }),
      new TypeError("Failed to fetch"),
      no("rate_limited"),
      ok({ state: "approved", key: "tl_tavern_x" }),
    ]);
    expect(await hub.pair()).toEqual({ state: "approved", key: "tl_tavern_x" });
    expect(hub.shown).toEqual([{ code: "K7WQ-2MXA", seconds: 300 }]);
    expect(hub.asked[0]).toEqual(["http://hub.home:8001/tavern/api/pairings", { name: "Alex" }]);
    expect(hub.asked[1]).toEqual(["http://hub.home:8001/tavern/api/pairings/claim", { ticket: "t0ps3cr3t" }]);
    expect(hub.time).toBe(8000);
  });

  it.each(["refused", "over"])("says that it was %s", async (state) => {
    expect(await new Hub([ok(ASKED), ok({ state })]).pair()).toEqual({ state });
  });

  it("is over when its time is, though the hub is away", async () => {
    const hub = new Hub([ok(ASKED), new TypeError("Failed to fetch")]);
    expect(await hub.pair()).toEqual({ state: "over" });
    expect(hub.time).toBe(300_000);
  });

  it("ends when it is cancelled", async () => {
    const hub = new Hub([ok(ASKED), ok({ state: "waiting" })]);
    hub.abort.abort();
    expect(await hub.pair()).toEqual({ state: "cancelled" });
  });

  it("says why the hub gives no code", async () => {
    expect(await new Hub([no("origin_refused")]).pair()).toMatchObject({
      state: "failed",
      code: "origin_refused",
    });
    expect(await new Hub([new TypeError("x")]).pair()).toMatchObject({
      state: "failed",
      code: "unreachable",
    });
    expect(await new Hub([]).pair("ftp://hub")).toMatchObject({ state: "failed", code: "unreachable" });
  });
});
