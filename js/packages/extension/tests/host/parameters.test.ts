import { describe, expect, it } from "vitest";

import {
  appendYaml,
  applyParameters,
  applyTextParameters,
  presetOverrides,
} from "../../src/host/parameters.js";

const body = { chat_completion_source: "custom", model: "m", temperature: 1, max_tokens: 300, stream: true };

function refusal(parameter: string): Error {
  return expect.objectContaining({ code: "unsupported_parameter", details: { parameter } }) as Error;
}

describe("presetOverrides", () => {
  it("uses SillyTavern's names", () => {
    expect(presetOverrides({ temperature: 0.5, max_completion_tokens: 9, seed: 1, stop: "x" })).toEqual({
      temperature: 0.5,
      openai_max_tokens: 9,
      seed: 1,
    });
  });

  it("passes over what asks for nothing", () => {
    const nothing = { n: 1, tools: [], tool_choice: "none", response_format: { type: "text" }, top_p: null };
    expect(presetOverrides(nothing)).toEqual({});
    expect(applyParameters(body, nothing)).toEqual(body);
  });

  it.each([
    [{ nonsense: 1 }, "nonsense"],
    [{ n: 2 }, "n"],
    [{ temperature: "hot" }, "temperature"],
    [{ max_tokens: 0 }, "max_tokens"],
  ])("refuses %j by name", (parameters, name) => {
    expect(() => presetOverrides(parameters)).toThrow(refusal(name));
  });
});

describe("applyParameters", () => {
  it("refuses what SillyTavern leaves out for this model", () => {
    expect(() => applyParameters(body, { min_p: 0.1 })).toThrow(refusal("min_p"));
  });

  it("puts the request's own stop texts before the preset's, four in all", () => {
    const result = applyParameters({ ...body, stop: ["a", "b", "c"] }, { stop: ["x", "a"] });
    expect(result["stop"]).toEqual(["x", "a", "b", "c"]);
    expect(applyParameters(body, { stop: "x" })["stop"]).toEqual(["x"]);
  });

  it.each([
    ["openai", "o3-mini"],
    ["openai", "gpt-5"],
    ["perplexity", "sonar"],
    ["xai", "grok-3-mini"],
  ])("refuses stop texts for %s %s", (source, model) => {
    const given = { ...body, chat_completion_source: source, model };
    expect(() => applyParameters(given, { stop: "x" })).toThrow(refusal("stop"));
  });

  it("asks for a schema, or for any JSON where the source can be told", () => {
    const schema = { type: "object" };
    const format = { type: "json_schema", json_schema: { name: "n", schema, strict: true } };
    expect(applyParameters(body, { response_format: format })["json_schema"]).toEqual({
      name: "n",
      value: schema,
      strict: true,
    });
    const json = { response_format: { type: "json_object" } };
    expect(applyParameters(body, json)["custom_include_body"]).toBe(
      'response_format: {"type": "json_object"}',
    );
    expect(() => applyParameters({ ...body, chat_completion_source: "claude" }, json)).toThrow(
      refusal("response_format"),
    );
  });

  it("asks for token counts where that reaches the model", () => {
    const wanted = { stream_options: { include_usage: true } };
    expect(applyParameters(body, wanted)["custom_include_body"]).toContain("include_usage");
    expect(applyParameters({ ...body, stream: false }, wanted)).toEqual({ ...body, stream: false });
    for (const own of ["{a: 1}", "stream_options: {include_usage: false}"]) {
      const given = { ...body, custom_include_body: own };
      expect(applyParameters(given, wanted)).toEqual(given);
    }
  });
});

describe("applyTextParameters", () => {
  it("sets the names that the back end has", () => {
    const given = { prompt: "p", max_new_tokens: 1, max_tokens: 1, temperature: 1, stop: ["\nUser:"] };
    expect(applyTextParameters(given, { max_tokens: 9, stop: "x" })).toEqual({
      ...given,
      max_new_tokens: 9,
      max_tokens: 9,
      stop: ["x", "\nUser:"],
    });
    expect(() => applyTextParameters(given, { seed: 1 })).toThrow(refusal("seed"));
  });
});

describe("appendYaml", () => {
  it("adds to a mapping or a list", () => {
    expect(appendYaml("a: 1\n", "b", "2")).toBe("a: 1\nb: 2");
    expect(appendYaml("- a: 1", "b", "2")).toBe("- a: 1\n- b: 2");
    expect(() => appendYaml("{a: 1}", "b", "2")).toThrow(refusal("b"));
  });
});
