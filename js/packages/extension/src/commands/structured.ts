/** Answers in a form that was asked for: `json_schema` of `generate`. Whether they fit it, the hub checks. */

import { HostError } from "../host/failure.js";
import { type Parameters } from "../host/parameters.js";
import { record, type Arguments } from "./arguments.js";

export type Schema = Record<string, unknown>;

const NAME = "answer";

/** Undefined: any text will do. */
export function schemaOf(args: Arguments): Schema | undefined {
  const value = args["json_schema"];
  return value === undefined || value === null ? undefined : record(args, "json_schema");
}

/** OpenAI's strict mode takes those schemas only that leave nothing open. */
function isStrict(schema: Schema): boolean {
  return schema["additionalProperties"] === false;
}

/** The parameters with which the model is asked for the form. */
export function withSchema(parameters: Parameters, schema: Schema | undefined): Parameters {
  if (schema === undefined) return parameters;
  if (parameters["response_format"] !== undefined && parameters["response_format"] !== null) {
    throw new HostError(
      "unsupported_parameter",
      "“json_schema” and “params.response_format” say the same: give one of them.",
      { parameter: "params.response_format" },
    );
  }
  return {
    ...parameters,
    response_format: { type: "json_schema", json_schema: { name: NAME, schema, strict: isStrict(schema) } },
  };
}

/** The same for SillyTavern's own quiet prompt. */
export function quietSchema(schema: Schema): Record<string, unknown> {
  // What is no JSON comes back as it is rather than as an empty object.
  return { name: NAME, value: structuredClone(schema), strict: isStrict(schema), returnInvalid: true };
}

/** The answer as JSON. Throws `invalid_output`. */
export function readAnswer(text: string): unknown {
  // Some models put it into a fence all the same.
  const bare = /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ?? text;
  try {
    return JSON.parse(bare) as unknown;
  } catch {
    throw new HostError("invalid_output", "The model did not answer with JSON.", {
      text: text.slice(0, 2_000),
    });
  }
}
