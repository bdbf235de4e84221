import { afterEach, describe, expect, it, vi } from "vitest";

import { applyTools, checkTools } from "../../src/host/tools.js";

const roll = { type: "function", function: { name: "roll", parameters: { type: "object" } } };
const look = { type: "function", function: { name: "look" } };
const tools = [roll, look];
const named = { type: "function", function: { name: "look" } };
const body = (source = "custom", model = "m"): Record<string, unknown> => ({
  chat_completion_source: source,
  model,
});

function refusal(parameter: string): Error {
  return expect.objectContaining({ code: "unsupported_parameter", details: { parameter } }) as Error;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("applyTools", () => {
  it("offers them, and leaves the choice to the model", () => {
    expect(applyTools(body(), { tools })).toEqual({ ...body(), tools, tool_choice: "auto" });
    expect(applyTools(body(), { tools: [] })).toEqual(body());
    expect(applyTools(body(), { tools, parallel_tool_calls: true })).not.toHaveProperty(
      "custom_include_body",
    );
  });

  it("passes the choice on", () => {
    for (const choice of ["none", "required", named])
      expect(applyTools(body(), { tools, tool_choice: choice })["tool_choice"]).toEqual(choice);
  });

  it("says it in Claude's and Cohere's words", () => {
    expect(applyTools(body("claude"), { tools, tool_choice: "required" })["tool_choice"]).toBe("any");
    expect(applyTools(body("claude"), { tools, tool_choice: named })).toMatchObject({
      tools: [look],
      tool_choice: "any",
    });
    expect(applyTools(body("cohere"), { tools, tool_choice: "none" })).toEqual(body("cohere"));
  });

  it("asks for one call at a time where the body can say so", () => {
    const given = { ...body(), custom_include_body: "top_k: 5" };
    expect(applyTools(given, { tools, parallel_tool_calls: false })["custom_include_body"]).toBe(
      "top_k: 5\nparallel_tool_calls: false",
    );
  });

  it.each([
    [body("openai"), { tools, parallel_tool_calls: false }, "parallel_tool_calls"],
    [body("openai", "o1-mini"), { tools }, "tools"],
    [body("openai", "gpt-5-chat-latest"), { tools }, "tools"],
    [body("makersuite", "gemma-3-27b-it"), { tools }, "tools"],
    [body("cohere"), { tools, tool_choice: "required" }, "tool_choice"],
    [body(), { tools, tool_choice: { type: "function", function: { name: "fly" } } }, "tool_choice"],
    [body(), { tools: "roll" }, "tools"],
    [body(), { tools: [{ type: "function" }] }, "tools"],
    [{ ...body("claude"), json_schema: {} }, { tools }, "response_format"],
  ])("refuses what would be lost: %j with %j", (given, parameters, name) => {
    expect(() => applyTools(given, parameters)).toThrow(refusal(name));
  });
});

describe("checkTools", () => {
  function page(settings: Record<string, unknown>, supported: boolean): void {
    const isToolCallingSupported = (): boolean => supported && settings["function_calling"] === true;
    const found = { chatCompletionSettings: settings, isToolCallingSupported };
    vi.stubGlobal("SillyTavern", { getContext: () => found });
  }

  it("does not ask whether the person wants tools of their own", () => {
    const settings = { function_calling: false };
    page(settings, true);
    checkTools({ tools });
    expect(settings.function_calling).toBe(false);
  });

  it("refuses what SillyTavern gives no tools, and says why", () => {
    page({ chat_completion_source: "perplexity" }, false);
    checkTools({});
    expect(() => {
      checkTools({ tools });
    }).toThrow(/perplexity/);
    page({ custom_prompt_post_processing: "strict" }, false);
    expect(() => {
      checkTools({ tools });
    }).toThrow(/“strict” takes tools out/);
  });
});
