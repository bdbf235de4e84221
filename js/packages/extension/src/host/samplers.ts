/**
 * Sampling parameters: SillyTavern's sliders. They are moved as the person moves them, so that what hangs on them
 * (counters, limits, saving) follows. What is not on the screen for the connected interface is no parameter of it.
 */

import { context } from "./context.js";
import { HostError } from "./failure.js";
import { saveSettings } from "./library/server.js";

type Values = Record<string, number | boolean>;

/** Our name → id of its field. OpenAI's names where they have one. */
const CHAT_COMPLETION: Readonly<Record<string, string>> = {
  temperature: "temp_openai",
  top_p: "top_p_openai",
  top_k: "top_k_openai",
  top_a: "top_a_openai",
  min_p: "min_p_openai",
  frequency_penalty: "freq_pen_openai",
  presence_penalty: "pres_pen_openai",
  repetition_penalty: "repetition_penalty_openai",
  max_tokens: "openai_max_tokens",
  max_context: "openai_max_context",
  seed: "seed_openai",
  n: "n_openai",
  stream: "stream_toggle",
};
const TEXT_SUFFIX = "_textgenerationwebui";
const TEXT_NAMES: Readonly<Record<string, string>> = {
  temp: "temperature",
  freq_pen: "frequency_penalty",
  presence_pen: "presence_penalty",
  rep_pen: "repetition_penalty",
  streaming: "stream",
};
const TEXT_COMMON: Readonly<Record<string, string>> = {
  max_tokens: "amount_gen",
  max_context: "max_context",
};

function ids(): Map<string, string> {
  const { mainApi } = context();
  if (mainApi === "openai") return new Map(Object.entries(CHAT_COMPLETION));
  const found = new Map(Object.entries(TEXT_COMMON));
  if (mainApi !== "textgenerationwebui") return found;
  for (const { id } of document.querySelectorAll<HTMLInputElement>(
    `input[type="range"][id$="${TEXT_SUFFIX}"], input[type="checkbox"][id$="${TEXT_SUFFIX}"], input[type="number"][id="seed${TEXT_SUFFIX}"]`,
  )) {
    const name = id.slice(0, -TEXT_SUFFIX.length);
    found.set(TEXT_NAMES[name] ?? name, id);
  }
  return found;
}

function fields(): Map<string, HTMLInputElement> {
  const found = new Map<string, HTMLInputElement>();
  for (const [name, id] of ids()) {
    const field = document.getElementById(id);
    if (field instanceof HTMLInputElement) found.set(name, field);
  }
  return found;
}

export function readSamplers(): Values {
  const values: Values = {};
  for (const [name, field] of fields()) {
    const value = field.type === "checkbox" ? field.checked : Number(field.value);
    if (typeof value === "boolean" || Number.isFinite(value)) values[name] = value;
  }
  return values;
}

/** All of them, or none: what is unknown, of a wrong type or out of its range is refused by name first. */
export async function changeSamplers(values: Readonly<Record<string, unknown>>): Promise<void> {
  const known = fields();
  const moves = Object.entries(values).map(([name, value]): [HTMLInputElement, number | boolean] => {
    const field = known.get(name);
    if (field === undefined) throw refuse(name, "the connected interface has no such parameter.");
    if (field.type === "checkbox") {
      if (typeof value !== "boolean") throw refuse(name, "it must be true or false.");
      return [field, value];
    }
    if (typeof value !== "number" || !Number.isFinite(value)) throw refuse(name, "it must be a number.");
    const { min, max } = field;
    if ((min !== "" && value < Number(min)) || (max !== "" && value > Number(max)))
      throw refuse(name, `it must be from ${min || "…"} to ${max || "…"}.`);
    return [field, value];
  });
  for (const [field, value] of moves) {
    if (typeof value === "boolean") field.checked = value;
    else field.value = String(value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    if (typeof value === "boolean") field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  await saveSettings();
}

function refuse(parameter: string, why: string): HostError {
  return new HostError("unsupported_parameter", `“${parameter}” cannot be set: ${why}`, { parameter });
}
