import { beforeEach, describe, expect, it } from "vitest";

import { VisibleStreams } from "../../src/streams/visible.js";
import { FakeOutlet, FakeTavern } from "../fake_tavern.js";

let tavern: FakeTavern;
let outlet: FakeOutlet;
let visible: VisibleStreams;

beforeEach(() => {
  tavern = new FakeTavern();
  outlet = new FakeOutlet();
  visible = new VisibleStreams(tavern.read, outlet);
  visible.listen();
  tavern.say("Hello.");
  tavern.say("Hi!", { is_user: true, name: "Traveller" });
});

/** SillyTavern up to the moment when the prompt goes out. */
function begin(type = "normal"): void {
  tavern.emit("GENERATION_AFTER_COMMANDS", type, {}, false);
  tavern.emit("GENERATE_AFTER_DATA", {}, false);
}

function processor(): NonNullable<FakeTavern["processor"]> {
  tavern.processor = {
    isFinished: false,
    isStopped: false,
    messageId: tavern.chat.length,
    reasoningHandler: { reasoning: "" },
  };
  return tavern.processor;
}

function render(text: string, type = "normal"): void {
  tavern.say(text);
  if (tavern.processor) tavern.processor.isFinished = true;
  visible.receiveIdle();
  tavern.emit("CHARACTER_MESSAGE_RENDERED", tavern.chat.length - 1, type);
}

const types = (): string[] => outlet.sent.map(([type]) => type);
const texts = (): string[] => outlet.contents("stream.delta").map(({ text }) => text);

describe("a reply", () => {
  it("is a start, its deltas and an end with the saved message", () => {
    begin();
    processor();
    tavern.emit("STREAM_TOKEN_RECEIVED", "Wel");
    tavern.emit("STREAM_TOKEN_RECEIVED", "Welcome ");
    expect(visible.running).toBe(true);
    render("Welcome");
    expect(outlet.contents("stream.start")).toMatchObject([{ kind: "reply", character: "Seraphina" }]);
    expect(texts()).toEqual(["Wel", "come "]);
    expect(outlet.contents("stream.end")).toMatchObject([
      { seq: 2, text: "Welcome", reason: "stop", message_index: 2 },
    ]);
    expect(visible.running).toBe(false);
  });

  it("that is not streamed is one delta", () => {
    begin();
    tavern.say("Welcome");
    tavern.emit("CHARACTER_MESSAGE_RENDERED", 2, "normal");
    visible.receiveIdle();
    expect(types()).toEqual(["stream.start", "stream.delta", "stream.end"]);
  });

  it("keeps its thoughts on their own channel", () => {
    begin();
    const handler = processor().reasoningHandler;
    if (handler) handler.reasoning = "Hm";
    tavern.emit("STREAM_TOKEN_RECEIVED", "");
    if (handler) handler.reasoning = "Hm, so";
    tavern.emit("STREAM_TOKEN_RECEIVED", "");
    tavern.emit("STREAM_TOKEN_RECEIVED", "Welcome");
    tavern.say("Welcome", { extra: { reasoning: "Hm, so" } });
    tavern.emit("CHARACTER_MESSAGE_RENDERED", 2, "normal");
    expect(outlet.contents("stream.delta").map(({ text, channel }) => [text, channel])).toEqual([
      ["Hm", "reasoning"],
      [", so", "reasoning"],
      ["Welcome", undefined],
    ]);
    expect(outlet.contents("stream.end")).toMatchObject([{ text: "Welcome", reasoning: "Hm, so" }]);
  });

  it("goes on telling them from the text after SillyTavern has drawn what it parsed", () => {
    tavern.power = { reasoning: { auto_parse: true, prefix: "<think>", suffix: "</think>" } };
    begin();
    const handler = processor().reasoningHandler;
    const tokens: [text: string, drawn: string][] = [
      ["<think>Hm", ""],
      ["<think>Hm, so", "Hm"],
      ["<think>Hm, so</think>Wel", "Hm, so"],
      ["<think>Hm, so</think>Welcome", "Hm, so"],
    ];
    for (const [text, drawn] of tokens) {
      if (handler) handler.reasoning = drawn;
      tavern.emit("STREAM_TOKEN_RECEIVED", text);
    }
    expect(outlet.contents("stream.delta").map(({ text, channel }) => [text, channel])).toEqual([
      ["Hm", "reasoning"],
      [", so", "reasoning"],
      ["Wel", undefined],
      ["come", undefined],
    ]);
  });

  it("has thoughts told from text where SillyTavern parses them later", () => {
    tavern.power = {
      reasoning: { auto_parse: true, prefix: "<think>", suffix: "</think>" },
      trim_spaces: true,
    };
    begin();
    processor();
    for (const text of ["<thi", "<think>Hm", "<think>Hm</think>\n\nWel", "<think>Hm</think>\n\nWelcome"]) {
      tavern.emit("STREAM_TOKEN_RECEIVED", text);
    }
    expect(outlet.contents("stream.delta").map(({ text, channel }) => [text, channel])).toEqual([
      ["Hm", "reasoning"],
      ["Wel", undefined],
      ["come", undefined],
    ]);
  });

  it("replaces what changed", () => {
    begin();
    processor();
    tavern.emit("STREAM_TOKEN_RECEIVED", "Wrold");
    tavern.emit("STREAM_TOKEN_RECEIVED", "World");
    expect(outlet.contents("stream.delta")[1]).toMatchObject({ text: "World", replace: true });
  });

  it("costs no look at SillyTavern per token beyond the first", () => {
    begin();
    processor();
    tavern.emit("STREAM_TOKEN_RECEIVED", "a");
    const { reads } = tavern;
    let text = "a";
    for (let token = 0; token < 100; token += 1) tavern.emit("STREAM_TOKEN_RECEIVED", (text += "b"));
    expect(tavern.reads).toBe(reads);
  });
});

describe("what is no stream", () => {
  it.each([
    ["a dry run", "normal", true],
    ["a quiet generation", "quiet", false],
  ])("%s", (_name, type, dryRun) => {
    tavern.emit("GENERATION_AFTER_COMMANDS", type, {}, dryRun);
    tavern.emit("GENERATE_AFTER_DATA", {}, dryRun);
    visible.receiveIdle();
    expect(types()).toEqual([]);
  });

  it("a slash command, whose generation never gets to a prompt", () => {
    visible.receiveIdle();
    tavern.emit("CHARACTER_MESSAGE_RENDERED", 0, "normal");
    expect(types()).toEqual([]);
  });

  it("a dry run in the middle of a reply", () => {
    begin();
    processor();
    tavern.emit("STREAM_TOKEN_RECEIVED", "a");
    tavern.emit("GENERATION_AFTER_COMMANDS", "normal", {}, true);
    tavern.emit("GENERATE_AFTER_DATA", {}, true);
    tavern.emit("STREAM_TOKEN_RECEIVED", "ab");
    expect(texts()).toEqual(["a", "b"]);
    expect(types().filter((type) => type === "stream.start")).toHaveLength(1);
  });

  it("a message of a slash command while a reply runs", () => {
    begin();
    tavern.say("note");
    tavern.emit("CHARACTER_MESSAGE_RENDERED", 2, "command");
    expect(types()).toEqual(["stream.start"]);
  });
});

describe("other ends", () => {
  it("continue: deltas and end are what was added", () => {
    const last = tavern.say("Once upon");
    begin("continue");
    processor().continueMessage = "Once upon ";
    tavern.emit("STREAM_TOKEN_RECEIVED", "a");
    tavern.emit("STREAM_TOKEN_RECEIVED", "a time");
    expect(visible.growing).toBe(2);
    last.mes = "Once upon a time";
    tavern.emit("CHARACTER_MESSAGE_RENDERED", 2, "continue");
    expect(texts().join("")).toBe(" a time");
    expect(outlet.contents("stream.end")).toMatchObject([{ text: " a time", message_index: 2 }]);
  });

  it("impersonate: becomes no message, spoken by the person", () => {
    begin("impersonate");
    processor();
    tavern.emit("STREAM_TOKEN_RECEIVED", "I nod");
    tavern.emit("IMPERSONATE_READY", "I nod.");
    const [end] = outlet.contents("stream.end");
    expect(outlet.contents("stream.start")).toMatchObject([{ kind: "impersonate", character: "Traveller" }]);
    expect(end).toMatchObject({ text: "I nod.", reason: "stop" });
    expect(end?.message_index).toBeUndefined();
  });

  it("stopped by the person after some text: cancelled, with the text that stays", () => {
    begin();
    const running = processor();
    tavern.emit("STREAM_TOKEN_RECEIVED", "Wel");
    running.isFinished = true;
    tavern.emit("GENERATION_STOPPED");
    render("Wel");
    expect(outlet.contents("stream.end")).toMatchObject([
      { text: "Wel", reason: "cancelled", message_index: 2 },
    ]);
  });

  it("stopped before the first token: cancelled, when SillyTavern is idle again", () => {
    begin();
    processor();
    tavern.emit("GENERATION_STOPPED");
    tavern.processor = null;
    visible.receiveIdle();
    expect(outlet.contents("stream.end")).toMatchObject([{ text: "", reason: "cancelled" }]);
  });

  it("refused by the model's server: error", () => {
    begin();
    tavern.processor = null;
    visible.receiveIdle();
    expect(outlet.contents("stream.end")).toMatchObject([
      { reason: "error", error: { code: "generation_failed" } },
    ]);
  });

  it("broken off in the middle: error, with what there was", () => {
    begin();
    const running = processor();
    tavern.emit("STREAM_TOKEN_RECEIVED", "Wel");
    running.isStopped = true;
    visible.receiveIdle();
    tavern.say("Wel");
    tavern.emit("CHARACTER_MESSAGE_RENDERED", 2, "normal");
    expect(outlet.contents("stream.end")).toMatchObject([
      { text: "Wel", reason: "error", error: { code: "stream_error" } },
    ]);
  });

  it("rounds of tool calls are streams of their own", () => {
    begin();
    const running = processor();
    running.toolCalls = [{}];
    tavern.emit("STREAM_TOKEN_RECEIVED", "");
    begin();
    processor();
    tavern.emit("STREAM_TOKEN_RECEIVED", "It rains.");
    render("It rains.");
    expect(outlet.contents("stream.end").map(({ reason }) => reason)).toEqual(["tool_calls", "stop"]);
  });

  it("members of a group are streams of their own, of the kind that was asked", () => {
    tavern.emit("GROUP_WRAPPER_STARTED", { type: "regenerate" });
    for (const text of ["One", "Two"]) {
      begin();
      processor();
      tavern.emit("STREAM_TOKEN_RECEIVED", text);
      render(text);
      expect(visible.running).toBe(true);
    }
    tavern.emit("GROUP_WRAPPER_FINISHED", {});
    expect(outlet.contents("stream.start").map(({ kind }) => kind)).toEqual(["regenerate", "regenerate"]);
    expect(outlet.contents("stream.end").map(({ text }) => text)).toEqual(["One", "Two"]);
    expect(visible.running).toBe(false);
  });
});

describe("a claim", () => {
  it("puts the request's id on the stream and holds the end until it is settled", () => {
    const claim = visible.claim("r1", "reply");
    begin();
    processor();
    tavern.emit("STREAM_TOKEN_RECEIVED", "Wel");
    render("Wel come");
    expect(types()).not.toContain("stream.end");
    claim.settle({ text: "Welcome", reason: "length", message_index: 2 });
    claim.settle({ text: "twice", reason: "stop" });
    expect(outlet.contents("stream.start")).toMatchObject([{ request_id: "r1" }]);
    expect(outlet.contents("stream.end")).toMatchObject([{ text: "Welcome", reason: "length" }]);
  });

  it("covers several generations; all but the last end as they were seen to", () => {
    const claim = visible.claim("r1", "reply");
    for (const text of ["One", "Two"]) {
      begin();
      processor();
      tavern.emit("STREAM_TOKEN_RECEIVED", text);
      render(text);
    }
    claim.settle({ text: "Two", reason: "stop" });
    expect(outlet.contents("stream.start").map(({ request_id }) => request_id)).toEqual(["r1", "r1"]);
    expect(outlet.contents("stream.end").map(({ text }) => text)).toEqual(["One", "Two"]);
  });

  it("where no generation was seen, its result is a stream; its failure is none", () => {
    visible.claim("r1", "reply").settle({ text: "Welcome", reason: "stop", character: "Seraphina" });
    visible
      .claim("r2", "reply")
      .settle({ text: "", reason: "error", error: { code: "no_backend", message: "" } });
    expect(types()).toEqual(["stream.start", "stream.delta", "stream.end"]);
  });

  it("does not reach the person's next generation", () => {
    const claim = visible.claim("r1", "reply");
    begin();
    claim.settle({ text: "", reason: "cancelled" });
    begin();
    expect(outlet.contents("stream.start").map(({ request_id }) => request_id)).toEqual(["r1", undefined]);
  });
});

it("a new session gets the person's running reply from its beginning, as the same stream", () => {
  begin();
  processor();
  tavern.emit("STREAM_TOKEN_RECEIVED", "Wel");
  outlet.sent.length = 0;
  visible.restart();
  tavern.emit("STREAM_TOKEN_RECEIVED", "Welcome");
  render("Welcome");
  expect(types()).toEqual(["stream.start", "stream.delta", "stream.delta", "stream.end"]);
  expect(texts()).toEqual(["Wel", "come"]);
  expect(outlet.contents("stream.delta")[0]?.replace).toBe(true);
});

it("what a command claimed stays its own in a new session, also when only its end is held back", () => {
  const claim = visible.claim("r1", "reply");
  begin();
  processor();
  tavern.emit("STREAM_TOKEN_RECEIVED", "Welcome");
  render("Welcome");
  outlet.sent.length = 0;
  visible.restart();
  claim.settle({ text: "Welcome", reason: "stop" });
  expect(types()).toEqual(["stream.start", "stream.delta", "stream.end"]);
  expect(outlet.contents("stream.start")[0]?.request_id).toBe("r1");
});
