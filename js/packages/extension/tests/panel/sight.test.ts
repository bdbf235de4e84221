// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from "vitest";

import { PageSight } from "../../src/panel/sight.js";

let report: (target: Element, displayed: boolean) => void;

beforeEach(() => {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(callback: (entries: { target: Element }[]) => void) {
        report = (target, displayed) => {
          const rects = (displayed ? [{}] : []) as unknown as DOMRectList;
          vi.spyOn(target, "getClientRects").mockReturnValue(rects);
          callback([{ target }]);
        };
      }
      observe = vi.fn();
    },
  );
});

it("sees a section that is unfolded, displayed, in a page that is in front", () => {
  const section = document.createElement("details");
  const heard = vi.fn();
  const look = new PageSight().watch(section, heard);
  report(section, true);
  expect(look.seen).toBe(false);
  section.open = true;
  section.dispatchEvent(new Event("toggle"));
  expect(look.seen).toBe(true);
  const front = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  document.dispatchEvent(new Event("visibilitychange"));
  expect(look.seen).toBe(false);
  front.mockReturnValue("visible");
  document.dispatchEvent(new Event("visibilitychange"));
  report(section, false);
  expect(heard.mock.calls).toEqual([[true], [false], [true], [false]]);
});
