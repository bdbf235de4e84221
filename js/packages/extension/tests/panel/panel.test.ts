// @vitest-environment jsdom
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { ConnectionState } from "@tavernlink/client";
import { beforeEach, expect, it, vi } from "vitest";

import errorsInChinese from "../../src/generated/errors.zh-cn.json" with { type: "json" };
import { Log } from "../../src/log.js";
import { Panel, type PanelActions } from "../../src/panel/panel.js";
import { TEXTS, Texts, type Translate } from "../../src/panel/texts.js";
import { Settings } from "../../src/settings.js";
import { FakeLine, HandSight, HTML as template, ONLINE as online, openTemplate } from "./stand_in.js";

const folder = join(import.meta.dirname, "../../static");
const chinese = {
  ...(errorsInChinese as Record<string, string>),
  ...(JSON.parse(readFileSync(join(folder, "i18n/zh-cn.json"), "utf8")) as Record<string, string>),
};
const english = JSON.parse(readFileSync(join(folder, "i18n/en.json"), "utf8")) as Record<string, string>;

let all: Record<string, unknown>;
let settings: Settings;
let actions: PanelActions;
let line: FakeLine;

beforeEach(() => {
  line = new FakeLine();
  line.answers["room.list"] = () => [];
  sessionStorage.clear();
  all = {};
  settings = new Settings({ all: () => all, save: () => undefined, session: sessionStorage });
  actions = {
    connect: vi.fn(),
    disconnect: vi.fn(),
    defaultName: () => "SillyTavern host",
    pairing: { fetch: vi.fn(), wait: () => Promise.resolve(), now: () => 0 },
    retryNow: vi.fn(),
    manage: vi.fn(),
    isCopied: () => Promise.resolve(false),
    extension: "1.2",
    sillytavern: "1.19.0",
    id: () => "tavern-1",
  };
});

function open(translate: Translate = (text) => text): Panel {
  return new Panel(
    {
      template: openTemplate(),
      settings,
      log: new Log(),
      line,
      texts: new Texts(translate),
      sight: new HandSight(),
    },
    actions,
  );
}

const text = (part: string): string => document.querySelector(`[data-part="${part}"]`)?.textContent ?? "";
const button = (id: string): HTMLButtonElement =>
  document.querySelector(`#${id}`) ?? document.createElement("button");
const light = (): string | undefined =>
  document.querySelector<HTMLElement>(".tavernlink-light")?.dataset["light"];

function type(id: string, value: string): void {
  const field = document.querySelector<HTMLInputElement>(`#${id}`);
  if (field === null) throw new Error(id);
  field.value = value;
  field.dispatchEvent(new Event("input"));
}

it("shows each state by light, word and reason", () => {
  open();
  const seen = (state: ConnectionState): unknown[] => {
    line.become(state);
    return [
      light(),
      text("state"),
      button("tavernlink_connect").disabled,
      button("tavernlink_disconnect").disabled,
    ];
  };
  expect(seen({ name: "idle" })).toEqual(["off", "Not connected", false, true]);
  expect(seen({ name: "connecting" })).toEqual(["amber", "Connecting…", true, false]);
  expect(seen(online)).toEqual(["green", "Connected", true, false]);
  expect(text("detail")).toBe("as SillyTavern host (hub 1.2)");
  expect(seen({ name: "refused", code: "unauthorized", message: "No key." })).toEqual([
    "red",
    "Refused by the hub",
    false,
    true,
  ]);
  expect(text("detail")).toBe("No key.");
  expect(
    seen({ name: "waiting", retryAt: Date.now() + 2500, code: "unreachable", message: "Gone." }),
  ).toEqual(["amber", "No connection", false, false]);
  expect([text("detail"), text("countdown")]).toEqual(["Gone.", "Next try in 3 s."]);
  expect(button("tavernlink_retry").hidden).toBe(false);
  button("tavernlink_retry").click();
  expect(actions.retryNow).toHaveBeenCalledOnce();
  line.become({ name: "idle" });
});

it("shows a code where there is no key, and connects with the key that an admin lets it have", async () => {
  const answers = [
    { code: "K7WQ2MXA", ticket: "t", seconds: 300, interval: 2 },
    { state: "waiting" },
    { state: "approved", key: "tl_tavern_a_b" },
  ];
  const asked = vi.fn((address: unknown) => {
    const result = answers.shift();
    return Promise.resolve(new Response(JSON.stringify({ ok: true, result, address: String(address) })));
  });
  const waits: (() => void)[] = [];
  actions.pairing = {
    fetch: asked,
    wait: () => new Promise((resolve) => waits.push(resolve)),
    now: () => 0,
  };
  open();
  type("tavernlink_url", "http://hub:1");
  button("tavernlink_connect").click();
  expect(actions.connect).not.toHaveBeenCalled();
  await vi.waitFor(() => {
    expect(text("pairing-code")).toBe("K7WQ-2MXA");
  });
  expect(text("pairing-text")).toContain("tavernlink pair K7WQ-2MXA (5:00 left)");
  for (const turn of [1, 2]) {
    await vi.waitFor(() => {
      expect(waits).toHaveLength(turn);
    });
    waits.at(-1)?.();
  }
  await vi.waitFor(() => {
    expect(actions.connect).toHaveBeenCalledOnce();
  });
  expect(settings.stored).toMatchObject({ url: "http://hub:1", key: "tl_tavern_a_b" });
  expect(document.querySelector<HTMLElement>('[data-part="pairing"]')?.hidden).toBe(true);
});

it("takes the code away when the person would rather not", async () => {
  actions.pairing.fetch = vi.fn(() => new Promise<Response>(() => undefined));
  open();
  button("tavernlink_connect").click();
  const box = document.querySelector<HTMLElement>('[data-part="pairing"]');
  expect([box?.hidden, text("pairing-text")]).toEqual([false, "Asking the hub for a code…"]);
  button("tavernlink_pairing_cancel").click();
  await Promise.resolve();
  expect(box?.hidden).toBe(true);
});

it("connects with what was typed", () => {
  open();
  type("tavernlink_url", " http://hub:1 ");
  type("tavernlink_key", "tl_tavern_a_b");
  button("tavernlink_connect").click();
  expect(actions.connect).toHaveBeenCalledOnce();
  expect(settings.stored).toMatchObject({ url: "http://hub:1", key: "tl_tavern_a_b" });
});

it("lets a changed address be connected to at once", () => {
  open();
  line.become(online);
  type("tavernlink_key", "tl_tavern_a_b");
  expect(button("tavernlink_connect").disabled).toBe(false);
  button("tavernlink_connect").click();
  line.become(online);
  expect(button("tavernlink_connect").disabled).toBe(true);
});

it("connects with what the browser was given, which is not changed here", () => {
  actions = { ...actions, pinned: { url: "http://pinned:1", name: "Headless" } };
  open();
  button("tavernlink_connect").click();
  expect(actions.connect).toHaveBeenCalledOnce();
  const url = document.querySelector<HTMLInputElement>("#tavernlink_url");
  expect([url?.value, url?.disabled]).toEqual(["http://pinned:1", true]);
  line.become(online);
  expect(text("detail")).toBe("as Headless (hub 1.2)");
});

it("says what stands between page and hub, once that is known", () => {
  const panel = open();
  line.become({ name: "waiting", retryAt: Date.now() + 500, code: "unreachable", message: "Gone." });
  panel.explain("origin");
  expect(text("detail")).toContain(`Add ${location.origin} to allowed_origins`);
  panel.explain(undefined);
  expect(text("detail")).toContain("Gone.");
  line.become({ name: "idle" });
});

it("hides the key as it is typed", () => {
  expect(document.querySelector<HTMLInputElement>("#tavernlink_key")?.type).toBe("password");
});

it("speaks the person's language, also of errors", () => {
  open((english_text, key) => chinese[key] ?? english_text);
  line.become({ name: "refused", code: "key_revoked", message: "This key was revoked." });
  expect(text("state")).toBe("被中枢拒绝");
  expect(text("detail")).toContain("吊销");
});

it("has every word in every language", () => {
  const inTemplate = [...template.matchAll(/data-i18n="(?:\[[\w-]+\])?([^"]+)"/g)].map(
    ([, key]) => key ?? "",
  );
  const wanted = [...inTemplate, ...Object.keys(TEXTS).map((key) => `tavernlink.${key}`)];
  expect(wanted.filter((key) => !(key in english))).toEqual([]);
  expect(wanted.filter((key) => !(key in chinese))).toEqual([]);
  for (const [key, value] of Object.entries(TEXTS)) expect(english[`tavernlink.${key}`]).toBe(value);
});
