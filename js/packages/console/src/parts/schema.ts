/** What a form made from a JSON Schema shows: a field for each property that a simple control can hold. */

export type Kind = "text" | "number" | "integer" | "yesno" | "choice" | "json";

export interface Field {
  name: string;
  kind: Kind;
  required: boolean;
  about: string;
  /** Of a choice. */
  options: unknown[];
  /** What the form begins with. */
  start: string;
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The schema that a property stands for: references within the document and “or null” are followed. */
function plain(schema: unknown, root: Json, depth = 0): Json {
  if (!isObject(schema) || depth > 20) return {};
  const { $ref, anyOf, oneOf, ...own } = schema;
  if (typeof $ref === "string" && $ref.startsWith("#/")) {
    let found: unknown = root;
    for (const step of $ref.slice(2).split("/"))
      found = isObject(found) ? found[step.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
    return { ...plain(found, root, depth + 1), ...own };
  }
  const choices = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : [];
  const some = choices.filter((each) => !isObject(each) || each["type"] !== "null");
  return some.length === 1 ? { ...plain(some[0], root, depth + 1), ...own } : schema;
}

function kindOf(schema: Json): Kind {
  if (Array.isArray(schema["enum"])) return "choice";
  const type: unknown = Array.isArray(schema["type"])
    ? schema["type"].find((each) => each !== "null")
    : schema["type"];
  if (type === "string") return "text";
  if (type === "boolean") return "yesno";
  return type === "number" || type === "integer" ? type : "json";
}

export function fieldsOf(schema: Json): Field[] {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(properties).map(([name, property]) => {
    const found = plain(property, schema);
    const kind = kindOf(found);
    const preset = found["default"];
    const start = preset === undefined || preset === null ? "" : asText(preset, kind);
    return {
      name,
      kind,
      required: required.includes(name),
      about: typeof found["description"] === "string" ? found["description"] : "",
      options: Array.isArray(found["enum"]) ? found["enum"] : [],
      start,
    };
  });
}

/** A value as the field's control holds it. */
export function asText(value: unknown, kind: Kind): string {
  return kind === "text" && typeof value === "string" ? value : JSON.stringify(value);
}

/** The arguments that the form's texts stand for; a field left empty is left out. Throws `SyntaxError` for no JSON. */
export function argumentsOf(fields: readonly Field[], texts: Record<string, string>): Json {
  const found: Json = {};
  for (const { name, kind, required } of fields) {
    const text = texts[name] ?? "";
    if (text === "" && !(required && kind === "text")) continue;
    found[name] = kind === "text" ? text : JSON.parse(text);
  }
  return found;
}
