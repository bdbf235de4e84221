import { describe, expect, it } from "vitest";

import { protect, restoreDeep, toHistory } from "../../src/host/history.js";

const names = { user: "Traveller", character: "Seraphina" };

describe("toHistory", () => {
  it("keeps order and roles; system messages are the narrator's", () => {
    const history = toHistory(
      [
        { role: "system", content: "rules" },
        { role: "user", content: "hi", name: "Ada" },
        { role: "assistant", content: "hello" },
        { role: "developer", content: "more rules" },
      ],
      names,
    );
    expect(history.map(({ name, is_user: isUser, mes, extra }) => [name, isUser, mes, extra?.type])).toEqual([
      ["System", false, "rules", "narrator"],
      ["Ada", true, "hi", undefined],
      ["Seraphina", false, "hello", undefined],
      ["System", false, "more rules", "narrator"],
    ]);
    expect(history.every(({ is_system: isSystem }) => !isSystem)).toBe(true);
  });

  it("takes text and image parts", () => {
    const url = "data:image/png;base64,AAAA";
    const content = [
      { type: "text", text: "look" },
      { type: "image_url", image_url: { url } },
      { type: "text", text: "here" },
    ];
    const [entry] = toHistory([{ role: "user", content }], names);
    expect(entry?.mes).toBe("look\nhere");
    expect(entry?.extra?.media).toEqual([{ type: "image", url }]);
  });

  it.each([
    [{ role: "tool", content: "x" }, "messages[0].role"],
    [
      { role: "user", content: [{ type: "image_url", image_url: "https://example.org/a.png" }] },
      "messages[0].content[0].image_url",
    ],
    [{ role: "user", content: [{ type: "input_audio" }] }, "messages[0].content[0]"],
  ])("refuses %j by name", (message, parameter) => {
    expect(() => toHistory([message], names)).toThrow(
      expect.objectContaining({ code: "unsupported_parameter", details: { parameter } }) as Error,
    );
  });
});

describe("macros in a message", () => {
  it.each(["{{setvar::a::b}}", "<USER> and <bot>", "{{{char}}}", "a { b {{ c", "no macro <b>"])(
    "%s are broken for SillyTavern and whole again in the prompt",
    (text) => {
      const broken = protect(text);
      expect(broken).not.toMatch(/\{\{|<(user|bot|char|group)>/i);
      expect(restoreDeep([{ content: broken, parts: [{ text: broken }] }])).toEqual([
        { content: text, parts: [{ text }] },
      ]);
    },
  );
});
