import { beforeEach, expect, it, vi } from "vitest";

import { PromptInspector } from "../../src/host/preview.js";
import { FakePage } from "./fake_page.js";

const tree = vi.hoisted(() => ({ messages: { collection: [] as unknown[] } }));

vi.mock("../../src/host/library/server.js", () => ({
  loadModule: () => Promise.resolve({ promptManager: tree }),
}));

function leaf(identifier: string, content: string, tokens: number): object {
  return { identifier, content, getTokens: () => tokens };
}

beforeEach(() => {
  new FakePage();
  tree.messages.collection = [
    leaf("main", "Write.", 3),
    leaf("jailbreak", "", 0),
    {
      identifier: "chatHistory",
      getTokens: () => 9,
      collection: [leaf("chatHistory-1", "Hi.", 4), leaf("chatHistory-2", "Ho.", 5)],
    },
  ];
});

const MESSAGES = [
  { role: "system", content: "Write." },
  { role: "user", content: "Hi." },
  { role: "assistant", content: "Ho." },
];

it("names each part with its tokens, and gives each message its own", async () => {
  const inspector = new PromptInspector();
  await inspector.receiveBuilt();
  const body = {
    messages: MESSAGES,
    model: "stand-in",
    max_tokens: 300,
    temperature: 0.5,
    custom_url: "http://secret",
    proxy_password: "secret",
    reverse_proxy: "http://secret",
    api_key: "secret",
    logit_bias: { a: 1 },
    stop: ["\n"],
  };
  const preview = await inspector.report({ api: "openai", body, character: "Wren", user: "Traveller" });
  expect(preview.parts).toEqual([
    { name: "main", tokens: 3, messages: 1 },
    { name: "chatHistory", tokens: 9, messages: 2 },
  ]);
  expect(preview.messages.map(({ part, tokens }) => [part, tokens])).toEqual([
    ["main", 3],
    ["chatHistory", 4],
    ["chatHistory", 5],
  ]);
  expect(preview).toMatchObject({
    tokens: 12,
    model: "stand-in",
    max_tokens: 300,
    max_context: 4096,
    text: null,
  });
  expect(preview.params).toEqual({ temperature: 0.5, stop: ["\n"] });
});

it("does not guess which message is which where the prompt was changed", async () => {
  const inspector = new PromptInspector();
  await inspector.receiveBuilt();
  const body = { messages: MESSAGES.slice(1) };
  const preview = await inspector.report({ api: "openai", body, character: "", user: "Traveller" });
  expect(preview.messages.map(({ part, tokens }) => [part, tokens])).toEqual([
    [null, null],
    [null, null],
  ]);
  expect(preview.character).toBeNull();
});

it("counts the texts of a text completion, and what the template puts between them", async () => {
  const inspector = new PromptInspector();
  inspector.receiveParts({
    main: "12345678",
    persona: "",
    finalMesSend: [{ message: "1234", extensionPrompts: ["5678"] }, { message: "9" }],
  });
  const body = { prompt: "x".repeat(40), max_new_tokens: 200 };
  const preview = await inspector.report({ api: "textgenerationwebui", body, character: "Wren", user: "T" });
  expect(preview.parts).toEqual([
    { name: "main", tokens: 2, messages: 0 },
    { name: "chatHistory", tokens: 3, messages: 0 },
    { name: "other", tokens: 5, messages: 0 },
  ]);
  expect(preview).toMatchObject({ tokens: 10, max_tokens: 200, messages: [], text: body.prompt });
});
