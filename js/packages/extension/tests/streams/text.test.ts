import { expect, it } from "vitest";

import { Cumulative } from "../../src/streams/text.js";

it("gives what is new, and nothing where nothing is", () => {
  const text = new Cumulative();
  expect(text.next("")).toBeUndefined();
  expect(text.next("Hel")).toEqual({ text: "Hel", replace: false });
  expect(text.next("Hel")).toBeUndefined();
  expect(text.next("Hello")).toEqual({ text: "lo", replace: false });
});

it("gives the whole text where earlier text changed or shrank", () => {
  const text = new Cumulative();
  text.next("Hello wrold");
  expect(text.next("Hello world")).toEqual({ text: "Hello world", replace: true });
  expect(text.next("Hello")).toEqual({ text: "Hello", replace: true });
  expect(text.next("")).toEqual({ text: "", replace: true });
});

it("takes 2,000 tokens without slowing the token loop", () => {
  const text = new Cumulative();
  let whole = "";
  let sent = "";
  const start = performance.now();
  for (let token = 0; token < 2000; token += 1) {
    whole += ` token${token}`;
    sent += text.next(whole)?.text ?? "";
  }
  const spent = performance.now() - start;
  console.log(`2,000 tokens, ${whole.length} characters: ${spent.toFixed(1)} ms in all`);
  expect(sent).toBe(whole);
});
