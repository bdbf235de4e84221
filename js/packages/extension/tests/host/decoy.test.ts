// @vitest-environment jsdom
import { beforeEach, expect, it } from "vitest";

import { Decoy } from "../../src/host/decoy.js";

beforeEach(() => {
  document.body.innerHTML =
    '<form><textarea id="send_textarea">draft</textarea><input type="file" id="file_form_input"></form>';
});

it("stands before the person's inputs, empty, until it is removed", () => {
  const own = document.getElementById("send_textarea") as HTMLTextAreaElement;
  const decoy = new Decoy();
  const found = document.querySelector<HTMLTextAreaElement>("#send_textarea");
  expect(found).not.toBe(own);
  expect(found?.value).toBe("");
  expect((document.getElementById("file_form_input") as HTMLInputElement).files).toHaveLength(0);
  if (found !== null) found.value = "impersonated";
  expect(decoy.text).toBe("impersonated");
  decoy.remove();
  expect(document.getElementById("send_textarea")).toBe(own);
  expect(own.value).toBe("draft");
  expect(document.querySelectorAll("textarea, input")).toHaveLength(2);
});
