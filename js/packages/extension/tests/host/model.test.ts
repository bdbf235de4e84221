// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { BuiltRequest } from "../../src/host/body.js";
import type { Carrier } from "../../src/host/carriers.js";
import type { ServiceChunk, STContext } from "../../src/host/context.js";
import { ModelLine } from "../../src/host/model.js";

const signal = new AbortController().signal;
const built: BuiltRequest = { api: "openai", body: { stream: true }, character: "c", user: "u" };
let answers: (() => Promise<Response>)[];
let own: typeof fetch;

/** A service that, as SillyTavern's, fetches before it first awaits. */
async function sendRequest(): Promise<() => AsyncGenerator<ServiceChunk>> {
  const response = await fetch("/api/backends/chat-completions/generate", { method: "POST" });
  if (!response.ok) throw new Error(`Got response status ${response.status}`);
  const lines = (await response.text()).split("\n\n").filter((line) => line.startsWith("data: {"));
  return async function* () {
    let text = "";
    for (const line of lines) {
      await Promise.resolve();
      const data = JSON.parse(line.slice(6)) as { text?: string };
      text += data.text ?? "";
      yield { text };
    }
  };
}

beforeEach(() => {
  answers = [];
  own = vi.fn(() => Promise.reject(new Error("the page's own fetch was used")));
  vi.stubGlobal("fetch", own);
  vi.stubGlobal("SillyTavern", {
    getContext: () => ({ ChatCompletionService: { sendRequest } }) as unknown as STContext,
  });
});

function carrier(limit: number): Carrier & { peak: number } {
  const found = {
    limit,
    peak: 0,
    fetch: async () => {
      active += 1;
      found.peak = Math.max(found.peak, active);
      try {
        return await (answers.shift() ?? (() => Promise.resolve(said("a", "b"))))();
      } finally {
        active -= 1;
      }
    },
  };
  let active = 0;
  return found;
}

function said(...texts: string[]): Response {
  return new Response([...texts.map((text) => `data: {"text":"${text}"}\n\n`), "data: [DONE]\n\n"].join(""));
}

describe("ModelLine", () => {
  it("gives the text, and never leaves its fetch in the page", async () => {
    const seen: string[] = [];
    const spoken = new ModelLine([carrier(1)]).speak(built, signal, (text) => seen.push(text));
    expect(globalThis.fetch).toBe(own);
    expect(await spoken).toEqual({ calls: [], text: "ab", reasoning: "", finish: "stop", usage: null });
    expect(seen).toEqual(["a", "ab"]);
    expect(own).not.toHaveBeenCalled();
  });

  it("fills the first carrier before the second and lets the rest wait", async () => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    answers = Array.from({ length: 5 }, () => () => opened.then(() => said("x")));
    const [first, second] = [carrier(2), carrier(1)];
    const line = new ModelLine([first, second]);
    expect(line.limit).toBe(3);
    const all = Promise.all(Array.from({ length: 5 }, () => line.speak(built, signal, () => undefined)));
    await vi.waitFor(() => {
      expect([first.peak, second.peak]).toEqual([2, 1]);
    });
    open();
    expect((await all).map(({ text }) => text)).toEqual(["x", "x", "x", "x", "x"]);
    expect([first.peak, second.peak]).toEqual([2, 1]);
  });

  it("lets a cancelled one leave the queue", async () => {
    let open = (): void => undefined;
    answers = [
      () =>
        new Promise((resolve) => {
          open = () => {
            resolve(said("x"));
          };
        }),
    ];
    const line = new ModelLine([carrier(1)]);
    const first = line.speak(built, signal, () => undefined);
    const abort = new AbortController();
    const second = line.speak(built, abort.signal, () => undefined);
    abort.abort();
    await expect(second).rejects.toMatchObject({ code: "cancelled" });
    await vi.waitFor(() => {
      expect(answers).toHaveLength(0);
    });
    open();
    expect((await first).text).toBe("x");
    expect((await line.speak(built, signal, () => undefined)).text).toBe("ab");
  });

  it.each([
    [() => Response.json({ error: { message: "no" } }, { status: 500 }), "generation_failed", "no"],
    [
      () => new Response('data: {"text":"a"}\n\ndata: {"error":{"message":"half way"}}\n\n'),
      "stream_error",
      "half way",
    ],
  ])("tells what failed (%#)", async (answer, code, message) => {
    answers = [() => Promise.resolve(answer())];
    await expect(new ModelLine([carrier(1)]).speak(built, signal, () => undefined)).rejects.toMatchObject({
      code,
      message,
    });
  });
});
