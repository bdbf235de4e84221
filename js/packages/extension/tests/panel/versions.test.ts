// @vitest-environment jsdom
import type { Welcome } from "@tavernlink/client";
import { beforeEach, expect, it, vi } from "vitest";

import { Texts } from "../../src/panel/texts.js";
import { compareVersions, pageOf, VersionsView } from "../../src/panel/versions.js";
import { FakeLine, openTemplate, part, text } from "./stand_in.js";

let line: FakeLine;
let copied = false;
const manage = vi.fn();
const isCopied = vi.fn(() => Promise.resolve(copied));
const button = (): HTMLButtonElement => document.querySelector<HTMLButtonElement>("#tavernlink_manage")!; // eslint-disable-line @typescript-eslint/no-non-null-assertion -- a test

beforeEach(() => {
  copied = false;
  isCopied.mockClear();
  line = new FakeLine();
  new VersionsView(openTemplate(), line, new Texts((words) => words), {
    extension: "1.2.0",
    sillytavern: "1.19.0",
    id: () => "tavern-1",
    address: () => "hub.lan:8001/prefix/",
    manage,
    isCopied,
  });
});

const meet = (version: string): void => {
  line.become({ name: "online", welcome: { hub: { version } } as Welcome });
};

it("shows the versions, the id and the way to the hub's page", () => {
  expect(text("versions")).toBe("Extension1.2.0Hub–SillyTavern1.19.0Id on the hubtavern-1");
  meet("1.2.0");
  expect(text("versions")).toContain("Hub1.2.0");
  expect(text("versions-hint")).toBe("Extension and hub are of one version.");
  expect([part("versions-mark").hidden, button().hidden]).toEqual([true, true]);
  const link = document.querySelector<HTMLAnchorElement>("#tavernlink_hub_page");
  expect([link?.href, link?.target, link?.rel]).toEqual([
    "http://hub.lan:8001/prefix/",
    "_blank",
    "noopener noreferrer",
  ]);
});

it("says which one is older, and what to do", () => {
  meet("1.3.0");
  expect(text("versions-hint")).toContain("The extension (1.2.0) is older than the hub (1.3.0)");
  expect([part("versions-mark").hidden, button().hidden]).toEqual([false, false]);
  button().click();
  expect(manage).toHaveBeenCalledOnce();
  meet("1.1.9");
  expect(text("versions-hint")).toContain("pip install --upgrade tavernlink");
  expect(button().hidden).toBe(true);
  line.become({ name: "refused", code: "protocol_unsupported", message: "No." });
  expect(text("versions-hint")).toContain("do not understand each other");
});

it("says what to do with a copy that SillyTavern's button does not reach", async () => {
  copied = true;
  meet("1.2.0");
  expect(isCopied).not.toHaveBeenCalled();
  meet("1.3.0");
  await vi.waitFor(() => {
    expect(text("versions-hint")).toContain("tavernlink extension upgrade");
  });
  expect(text("versions-hint")).toContain("http://hub.lan:8001/prefix/extension/tavernlink.git");
  expect(button().hidden).toBe(false);
  line.become({ name: "refused", code: "protocol_unsupported", message: "No." });
  expect(text("versions-hint")).toContain("tavernlink extension upgrade");
  expect(isCopied).toHaveBeenCalledOnce();
});

it("orders versions as both sides write them", () => {
  const sorted = ["0.9", "1.0.0.dev2", "1.0.0a1", "1.0.0rc1", "1.0.0", "1.0.1", "1.10.0"];
  for (const [index, version] of sorted.entries())
    for (const [other, before] of sorted.entries())
      expect(Math.sign(compareVersions(version, before)), `${version} ${before}`).toBe(
        Math.sign(index - other),
      );
  expect(compareVersions("1.0", "1.0.0+local")).toBe(0);
});

it("knows no page of what is no address", () => {
  expect(pageOf("ws://hub")).toBe("http://hub/");
  expect(pageOf("ftp://hub")).toBeUndefined();
});
