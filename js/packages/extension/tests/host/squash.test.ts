import { expect, it } from "vitest";

import { squashSystemMessages } from "../../src/host/squash.js";

it("joins neighbouring system messages but for separators, named and empty ones", () => {
  const system = (content: string): { role: string; content: string } => ({ role: "system", content });
  const named = { role: "system", content: "example", name: "example_user" };
  const user = { role: "user", content: "hi" };
  expect(
    squashSystemMessages(
      [
        system("a"),
        system(""),
        system("b"),
        system("[Start]"),
        system("c"),
        named,
        system("d"),
        user,
        system("e"),
      ],
      ["[Start]"],
    ),
  ).toEqual([system("a\nb"), system("[Start]"), system("c"), named, system("d"), user, system("e")]);
});
