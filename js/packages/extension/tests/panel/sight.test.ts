// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from "vitest";

import { PageSight } from "../../src/panel/sight.js";

let report: (target: Element, isIntersecting: boolean) => void;

beforeEach(() => {
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(callback: (entries: { target: Element; isIntersecting: boolean }[]) => void) {
        report = (target, isIntersecting) => {
          callback([{ target, isIntersecting }]);
        };
      }
      observe = vi.fn();
    },
  );
});

it("sees a section that is unfolded, on the screen, in a page that is in front", () => {
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
