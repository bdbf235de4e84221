import { afterEach, describe, expect, it, vi } from "vitest";

import { newReport, tap } from "../../src/host/tap.js";

afterEach(() => {
  vi.useRealTimers();
});

function stream(...pieces: string[]): Response {
  const encoder = new TextEncoder();
  return new Response(
    new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(encoder.encode(piece));
        controller.close();
      },
    }),
  );
}

describe("a stream", () => {
  it("passes unchanged and is reported, however it is cut", async () => {
    const text =
      'data: {"choices":[{"delta":{"content":"é"}}]}\n\n' +
      'data: {"choices":[{"delta":{},"finish_reason":"length"}]}\r\n\r\n' +
      'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\ndata: [DONE]\n\n';
    const report = newReport();
    const bytes = new TextEncoder().encode(text);
    const single = new Response(
      new ReadableStream({
        start(controller) {
          for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
          controller.close();
        },
      }),
    );
    expect(await (await tap(single, report, true)).text()).toBe(text);
    expect(report).toEqual({
      finish: "length",
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
      error: null,
      complete: true,
    });
  });

  it("is complete at [DONE], though nobody reads on", async () => {
    const report = newReport();
    const endless = new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("data: [DONE]\n\n"));
        },
      }),
    );
    const reader = (await tap(endless, report, true)).body?.getReader();
    await reader?.read();
    expect(report.complete).toBe(true);
    await reader?.cancel();
  });

  it.each([
    ['data: {"error":{"message":"overloaded","type":"server_error"}}\n\n', "overloaded"],
    ['data: {"error":"out of credits"}\n\n', "out of credits"],
    ['data: {"detail":{"error":{"message":"bad"}}}\n\n', "bad"],
  ])("%s is an error", async (line, message) => {
    const report = newReport();
    await (await tap(stream(line), report, true)).text();
    expect(report.error?.message).toBe(message);
  });

  it.each([
    ['{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":5}}', "length"],
    [
      '{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":5}}',
      "stop",
    ],
    ['{"content":"","stop":true,"stop_type":"limit","tokens_predicted":5,"tokens_evaluated":2}', "length"],
    ['{"choices":[{"delta":{},"finish_reason":"tool_calls"}],"usage":{"completion_tokens":5}}', "tool_calls"],
  ])("understands %s", async (line, finish) => {
    const report = newReport();
    await (await tap(stream(`data: ${line}\n\n`), report, true)).text();
    expect(report.finish).toBe(finish);
    expect(report.usage?.completion_tokens).toBe(5);
  });

  it("that stands still is broken off", async () => {
    vi.useFakeTimers();
    const report = newReport();
    const stuck = new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("data: {}\n\n"));
        },
      }),
    );
    const reader = (await tap(stuck, report, true, 1_000)).body?.getReader();
    await reader?.read();
    const next = reader?.read().then(
      () => "more",
      () => "broken",
    );
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await next).toBe("broken");
    expect(report.error?.code).toBe("stream_error");
    expect(report.complete).toBe(false);
  });
});

describe("a whole answer", () => {
  it("is reported and passes", async () => {
    const report = newReport();
    const body = { choices: [{ finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 2 } };
    const passed = await tap(Response.json(body), report, false);
    expect(await passed.json()).toEqual(body);
    expect(report).toMatchObject({ finish: "stop", complete: true, usage: { total_tokens: 3 } });
  });

  it("with an error status says what the server said", async () => {
    const report = newReport();
    await tap(Response.json({ error: { message: "no", code: "quota" } }, { status: 429 }), report, true);
    expect(report.error).toEqual({
      code: "generation_failed",
      message: "no",
      details: { status: 429, upstream_code: "quota" },
    });
    const plain = newReport();
    await tap(new Response("", { status: 502, statusText: "Bad Gateway" }), plain, true);
    expect(plain.error?.message).toBe("The model's server answered 502 Bad Gateway.");
  });
});
