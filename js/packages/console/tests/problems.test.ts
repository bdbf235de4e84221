import { TavernlinkError } from "@tavernlink/client";
import { expect, test } from "vitest";

import { toldBy } from "../src/hub/problems.svelte.js";

test("an error of the hub's keeps its code, a fault of the page is not told as the hub's", () => {
  expect(toldBy(new TavernlinkError("busy", "A reply is being written."))).toEqual({
    code: "busy",
    message: "A reply is being written.",
  });
  expect(toldBy(new RangeError("too long"))).toEqual({ code: "page", message: "too long" });
  expect(toldBy("nothing more")).toEqual({ code: "page", message: "nothing more" });
});
