import { afterEach, expect, it, vi } from "vitest";

import { serverId } from "../../src/host/server.js";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** An account's files; `lost` writes are overwritten by another tab's. */
function files(options: { refuses?: boolean; other?: string } = {}): {
  kept: string | undefined;
  writes: number;
} {
  const state: { kept: string | undefined; writes: number } = { kept: undefined, writes: 0 };
  vi.stubGlobal("SillyTavern", { getContext: () => ({ getRequestHeaders: () => ({}) }) });
  vi.stubGlobal("fetch", (_address: string, init: { method?: string; body: string }) => {
    if (init.method !== "POST")
      return Promise.resolve(
        new Response(state.kept ?? "Not found", { status: state.kept === undefined ? 404 : 200 }),
      );
    state.writes += 1;
    if (options.refuses === true) return Promise.resolve(new Response("", { status: 403 }));
    state.kept = options.other ?? atob((JSON.parse(init.body) as { data: string }).data);
    return Promise.resolve(new Response("{}"));
  });
  return state;
}

it("makes an id once, and every later tab reads the same", async () => {
  vi.useFakeTimers();
  const state = files();
  const first = serverId();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await first).toMatch(/^server-[a-z0-9]{24}$/);
  expect(await serverId()).toBe(await first);
  expect(state.writes).toBe(1);
});

it("takes the id of a tab that wrote at the same time", async () => {
  vi.useFakeTimers();
  files({ other: "server-ofanothertab" });
  const id = serverId();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await id).toBe("server-ofanothertab");
});

it("goes without one where no file may be kept, or the file is somebody else's", async () => {
  files({ refuses: true });
  expect(await serverId()).toBeUndefined();
  vi.useFakeTimers();
  files({ other: "<html>" });
  const id = serverId();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await id).toBeUndefined();
});
