/** A setting's value as a form's control holds it, and back. */

export interface Setting {
  name: string;
  /** In effect; secrets are cut out. */
  value: unknown;
  /** What the sources say, which counts from the next start on where it is another. */
  wanted: unknown;
  default: unknown;
  source: "default" | "file" | "environment" | "command line";
  live: boolean;
  restart_needed: boolean;
  editable: boolean;
  secret: boolean;
  group: string;
  about: string;
  schema: Record<string, unknown>;
}

export interface Change {
  name: string;
  before: unknown;
  after: unknown;
  live: boolean;
}

export interface View {
  file: string;
  problem: string | null;
  restart_needed: string[];
  settings: Setting[];
}

export interface Verdict {
  values: Record<string, unknown>;
  changes: Change[];
  left_out: string[];
  problem: { code: string; message: string; details?: { setting?: string } } | null;
}

export type Control = "text" | "number" | "yesno" | "choice" | "lines" | "secret" | "shown";

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The schema without “or null”. */
function plain(schema: Json): Json {
  const choices = Array.isArray(schema["anyOf"]) ? (schema["anyOf"] as unknown[]).filter(isObject) : [];
  return choices.find((each) => each["type"] !== "null") ?? schema;
}

/** True if it may be left empty: nothing is set then. */
export function isOptional(setting: Setting): boolean {
  return Array.isArray(setting.schema["anyOf"]);
}

/** `shown`: what has a page or tables of its own is only shown. */
export function controlOf(setting: Setting): Control {
  if (setting.secret) return "secret";
  const schema = plain(setting.schema);
  if (Array.isArray(schema["enum"])) return "choice";
  switch (schema["type"]) {
    case "boolean":
      return "yesno";
    case "integer":
    case "number":
      return "number";
    case "array":
      return isObject(schema["items"]) && schema["items"]["type"] === "string" ? "lines" : "shown";
    case "string":
      return "text";
    default:
      return "shown";
  }
}

export function optionsOf(setting: Setting): string[] {
  const found = plain(setting.schema)["enum"];
  return Array.isArray(found) ? found.map(String) : [];
}

/** Bounds of a number, for its control. */
export function boundsOf(setting: Setting): { min?: number; max?: number; step: number | "any" } {
  const schema = plain(setting.schema);
  const min = schema["minimum"] ?? (typeof schema["exclusiveMinimum"] === "number" ? 0 : undefined);
  return {
    ...(typeof min === "number" ? { min } : {}),
    ...(typeof schema["maximum"] === "number" ? { max: schema["maximum"] } : {}),
    step: schema["type"] === "integer" ? 1 : "any",
  };
}

export function textOf(setting: Setting): string {
  const value = setting.wanted;
  if (setting.secret || value === null || value === undefined) return "";
  if (controlOf(setting) === "lines") return (value as unknown[]).map(String).join("\n");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The value that a text stands for; null takes the setting out of the file. Throws where it is none. */
export function valueOf(setting: Setting, text: string): unknown {
  const control = controlOf(setting);
  if (control === "lines") {
    const found = text
      .split(/[\n,]/)
      .map((each) => each.trim())
      .filter((each) => each !== "");
    return found.length === 0 ? null : found;
  }
  if (text.trim() === "") return null;
  if (control === "yesno") return text === "true";
  if (control !== "number") return text;
  const number = Number(text);
  if (!Number.isFinite(number)) throw new SyntaxError(text);
  return number;
}

/** What to write for the texts that differ from what is there. */
export function changed(
  settings: readonly Setting[],
  texts: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const setting of settings) {
    const text = texts[setting.name];
    if (text === undefined || !setting.editable || controlOf(setting) === "shown") continue;
    if (text !== textOf(setting)) found[setting.name] = valueOf(setting, text);
  }
  return found;
}

export function shortly(value: unknown): string {
  if (value === null || value === undefined || value === "") return "—";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A size or a length of time as people read it, after a number that is too long for them; empty where it is not. */
export function inWords(
  name: string,
  text: string,
  unit: (name: "day" | "hour" | "minute") => string,
): string {
  const number = Number(text);
  if (text === "" || !Number.isFinite(number)) return "";
  if (name.endsWith("_bytes") || name === "max_payload") {
    if (number >= 1 << 20) return `${trimmed(number / (1 << 20))} MiB`;
    return number >= 1_024 ? `${trimmed(number / 1_024)} KiB` : "";
  }
  if (!/_(seconds|timeout|session|grace)$/.test(name)) return "";
  if (number >= 86_400) return `${trimmed(number / 86_400)} ${unit("day")}`;
  if (number >= 3_600) return `${trimmed(number / 3_600)} ${unit("hour")}`;
  return number >= 120 ? `${trimmed(number / 60)} ${unit("minute")}` : "";
}

const trimmed = (number: number): string => String(Math.round(number * 100) / 100);
