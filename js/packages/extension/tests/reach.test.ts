import { expect, it, vi } from "vitest";

import { findObstacle } from "../src/reach.js";

const plain = { protocol: "http:" };
const secure = { protocol: "https:" };
const answers = (): Promise<Response> => Promise.resolve(new Response());
const fails = (): Promise<Response> => Promise.reject(new TypeError("Failed to fetch"));

it("a hub that answers a request that cannot be read refuses this page's address", async () => {
  const request = vi.fn(answers);
  expect(await findObstacle("hub.lan:8001/prefix", plain, request)).toBe("origin");
  expect(request.mock.calls).toMatchObject([
    [new URL("http://hub.lan:8001/prefix/healthz"), { mode: "no-cors" }],
  ]);
});

it("a hub that does not answer is just not there", async () => {
  expect(await findObstacle("hub.lan:8001", plain, fails)).toBeUndefined();
  expect(await findObstacle("http://", plain, answers)).toBeUndefined();
});

it("a secure page reaches plain addresses on its own computer only", async () => {
  expect(await findObstacle("http://192.168.1.5:8001", secure, fails)).toBe("mixed");
  for (const own of ["127.0.0.1:8001", "localhost:8001", "[::1]:8001"]) {
    expect(await findObstacle(own, secure, fails)).toBeUndefined();
  }
  expect(await findObstacle("https://hub.example", secure, fails)).toBeUndefined();
});
