/** As much of npm's `openai` as the recipe uses: it asks the hub and reads the stream as the package does. */

export default class OpenAI {
  /** @param {{ baseURL: string, apiKey: string }} options */
  constructor({ baseURL, apiKey }) {
    /** @param {{ model: string, messages: { role: "user", content: string }[], stream: true }} body */
    const create = async (body) => {
      const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
      const answer = await fetch(`${baseURL}/chat/completions`, { method: "POST", headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(await answer.text());
      return chunks(await answer.text());
    };
    this.chat = { completions: { create } };
  }
}

/**
 * @param {string} stream
 * @returns {AsyncGenerator<{ choices: { delta?: { content?: string | null } }[] }>}
 */
async function* chunks(stream) {
  for (const [, data] of stream.matchAll(/^data: (.*)$/gm)) {
    if (data === "[DONE]") return;
    yield JSON.parse(data ?? "");
  }
  throw new Error("The stream has no end.");
}
