import { describe, expect, it } from "vitest";

import { macrosOf, readList, ScriptRules, type ScriptMode } from "../../src/scripts/rules.js";

function rules(mode: ScriptMode, list: string[] = [], narrow: string[][] = []): ScriptRules {
  return new ScriptRules({ mode, list }, narrow);
}

const own = (...names: string[]) => ({ names, thirdParty: false });

describe("rules for commands", () => {
  it("let reading commands pass and nothing else while harmless", () => {
    expect(rules("harmless").forbids(own("getvar", "getchatvar"))).toBeUndefined();
    for (const name of ["setvar", "send", "echo", "delchat", "gen", "match", "replace", "input"])
      expect(rules("harmless").forbids(own(name)), name).toBe("not_in_list");
  });

  it("do not take another extension's command for the one whose name it took", () => {
    expect(rules("harmless").forbids({ names: ["getvar"], thirdParty: true })).toBe("third_party");
    expect(rules("list", ["getvar"]).forbids({ names: ["getvar"], thirdParty: true })).toBeUndefined();
  });

  it("know a listed command by any of its names", () => {
    expect(rules("list", ["getchatvar"]).forbids(own("getvar", "getchatvar"))).toBeUndefined();
    expect(rules("list", ["GETVAR"]).forbids(own("getvar"))).toBe("not_in_list");
  });

  it("never hand out secrets, and run buttons by number only where all is allowed", () => {
    expect(rules("all").forbids(own("secret-read", "secret-find"))).toBe("secret");
    expect(rules("list", ["qr", "secret-read"]).forbids(own("qr"))).toBe("runs_unchecked");
    expect(rules("all").forbids(own("qr"))).toBeUndefined();
  });

  it("are narrowed by each list of the caller and the hub, and never widened", () => {
    expect(rules("all", [], [["getvar"]]).forbids(own("delchat"))).toBe("narrowed");
    expect(rules("all", [], [["getvar", "pass"], ["pass"]]).forbids(own("getvar"))).toBe("narrowed");
    expect(rules("harmless", [], [["delchat"]]).forbids(own("delchat"))).toBe("not_in_list");
  });

  it("allow nothing where scripts are off", () => {
    expect(rules("nothing").forbids(own("pass"))).toBe("scripts_off");
    expect(() => {
      rules("nothing").checkOn();
    }).toThrow(/switched off/);
  });
});

describe("macros", () => {
  it.each([
    ["{{user}} and {{ char }}", ["user", "char"]],
    ["{{setvar::a::{{getvar::b}}}}", ["setvar", "getvar"]],
    ["{{// a note}}", ["comment"]],
    ["{{.hp = 5}} {{$gold++}} {{.hp}} {{$gold}}", ["setvar", "setglobalvar", "getvar", "getglobalvar"]],
    ["{{#if x}}{{/if}} {{!user}}", ["if", "if", "user"]],
    ["{{time_UTC+2}} {{roll 1d6}} {{random::a::b}}", ["time", "roll", "random"]],
    ["{{{user}}}", ["user"]],
    ["{{set{{noop}}var::a::b}}", ["set{{noop}}var::a::b}}", "noop"]],
  ])("are found in %s", (text, names) => {
    expect(macrosOf(text)).toEqual(names);
  });

  it("that act need the command that does the same", () => {
    expect(rules("harmless").forbiddenMacro("{{incvar::x}}", false)).toBe("incvar");
    expect(rules("list", ["incvar"]).forbiddenMacro("{{incvar::x}}", false)).toBeUndefined();
    expect(rules("list", ["getvar"]).forbiddenMacro("{{$gold = 1}}", false)).toBe("setglobalvar");
    expect(rules("all", [], [["getvar"]]).forbiddenMacro("{{setvar::x::1}}", false)).toBe("setvar");
  });

  it("of other extensions must be listed as macros", () => {
    expect(rules("harmless").forbiddenMacro("{{launch}}", false)).toBe("launch");
    expect(rules("list", ["{{Launch}}"]).forbiddenMacro("{{launch}}", false)).toBeUndefined();
    expect(rules("all").forbiddenMacro("{{launch}}", false)).toBeUndefined();
  });

  it.each(["{{{noop}}{launch}}", "{{getvar::brace}}{launch}}", "{{user}}{{user}}launch}}"])(
    "put together out of others are found where macros are replaced in layers: %s",
    (text) => {
      expect(rules("harmless").forbiddenMacro(text, true)).toBeDefined();
    },
  );
});

describe("the list that a person types", () => {
  it("takes names with and without slashes, between anything", () => {
    expect(readList("/getvar, pass;\n echo  {{time}} echo")).toEqual(["getvar", "pass", "echo", "{{time}}"]);
  });
});
