import { beforeEach, expect, it, vi } from "vitest";

import { isCopied } from "../../src/host/installation.js";

const asked: unknown[] = [];

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal("SillyTavern", {
    getContext: () => ({ getRequestHeaders: () => ({ "X-CSRF-Token": "t" }) }),
  });
});

/** Answers one after the other, each a status and a body. */
const answering =
  (...answers: [number, string][]): typeof fetch =>
  (_url, init) => {
    asked.push(JSON.parse(typeof init?.body === "string" ? init.body : "null"));
    const [status, body] = answers.shift() ?? [500, ""];
    return Promise.resolve(new Response(body, { status }));
  };

it("tells a copied folder from a cloned one", async () => {
  const hash = (text: string): [number, string] => [200, JSON.stringify({ currentCommitHash: text })];
  expect(await isCopied("third-party/tavernlink", answering(hash("")))).toBe(true);
  expect(asked).toEqual([{ extensionName: "tavernlink", global: false }]);
  expect(await isCopied("third-party/tavernlink", answering(hash("abc")))).toBe(false);
});

it("looks at the folder for all users where this user has none", async () => {
  const copied = await isCopied("third-party/mine", answering([404, ""], [200, '{"currentCommitHash": ""}']));
  expect(copied).toBe(true);
  expect(asked).toEqual([
    { extensionName: "mine", global: false },
    { extensionName: "mine", global: true },
  ]);
});

it("takes it for a cloned one where SillyTavern does not say", async () => {
  expect(await isCopied("third-party/tavernlink", answering([500, "the hub is away"]))).toBe(false);
  expect(await isCopied("third-party/tavernlink", answering([404, ""], [404, ""]))).toBe(false);
  expect(await isCopied("third-party/tavernlink", answering([200, "<html>"]))).toBe(false);
  expect(await isCopied("third-party/tavernlink", () => Promise.reject(new Error("offline")))).toBe(false);
});
