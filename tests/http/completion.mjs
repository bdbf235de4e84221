// A chat completion as a browser or a Node program asks for it: fetch, and server-sent events read by hand.
// Usage: node completion.mjs BASE_URL KEY; prints one JSON line with what it got.

const [, , base, key] = process.argv;

async function ask(path, body, headers = {}) {
  const response = await fetch(`${base}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return response;
}

async function readStream(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const chunks = [];
  let rest = "";
  let done = false;
  for (;;) {
    const { value, done: ended } = await reader.read();
    if (ended) break;
    const frames = (rest + value).split("\n\n");
    rest = frames.pop();
    for (const frame of frames) {
      if (frame.startsWith(":")) continue;
      const data = frame.replace(/^data: /, "");
      if (data === "[DONE]") done = true;
      else chunks.push(JSON.parse(data));
    }
  }
  return { chunks, done };
}

const messages = [{ role: "user", content: "你好 \u{1F600}" }];
const models = await (await ask("/v1/models")).json();
const whole = await (await ask("/v1/chat/completions", { model: "default", messages })).json();
const { chunks, done } = await readStream(
  await ask("/v1/chat/completions", { model: "default", messages, stream: true, stream_options: { include_usage: true } }),
);
const refused = await ask("/v1/chat/completions", { model: "Nobody", messages });

console.log(
  JSON.stringify({
    models: models.data.map((model) => model.id),
    whole: whole.choices[0].message.content,
    streamed: chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""),
    finish: chunks.findLast((chunk) => chunk.choices.length > 0).choices[0].finish_reason,
    usage: chunks.at(-1).usage?.total_tokens,
    done,
    refused: [refused.status, (await refused.json()).error.code],
  }),
);
