/** Slash commands of our own, in SillyTavern's parser. */

import { context } from "./context.js";

export interface SlashCommandSpec {
  name: string;
  help: string;
  returns: string;
  named: readonly { name: string; about: string; required?: boolean }[];
  /** Empty: it takes none. */
  unnamed: string;
  /** What SillyTavern's editor takes the unnamed argument for. */
  takes?: "DICTIONARY" | "STRING";
  /** What it pipes on. A rejection stops the script, and the person sees why. */
  run: (named: Record<string, string>, unnamed: string) => Promise<string>;
}

/** False: this SillyTavern has no parser to add to. */
export function addSlashCommand({
  name,
  help,
  returns,
  named,
  unnamed,
  takes,
  run,
}: SlashCommandSpec): boolean {
  const {
    SlashCommandParser: parser,
    SlashCommand: command,
    SlashCommandArgument: argument,
    SlashCommandNamedArgument: namedArgument,
    ARGUMENT_TYPE: types,
  } = context();
  if (parser === undefined || command === undefined || argument === undefined || namedArgument === undefined)
    return false;
  parser.addCommandObject(
    command.fromProps({
      name,
      helpString: help,
      returns,
      namedArgumentList: named.map((each) =>
        namedArgument.fromProps({
          name: each.name,
          description: each.about,
          typeList: [types?.["STRING"] ?? "string"],
          isRequired: each.required === true,
        }),
      ),
      unnamedArgumentList:
        unnamed === ""
          ? []
          : [
              argument.fromProps({
                description: unnamed,
                typeList: [types?.[takes ?? "DICTIONARY"] ?? "string"],
                isRequired: false,
              }),
            ],
      callback: (given: Record<string, unknown>, value: unknown) => run(texts(given), asText(value)),
    }),
  );
  return true;
}

function texts(given: Record<string, unknown>): Record<string, string> {
  // Beside the arguments there are SillyTavern's own entries: scope, abort controller, …
  const entries = Object.entries(given).filter(([key]) => !key.startsWith("_"));
  return Object.fromEntries(
    entries.flatMap(([key, value]) => (typeof value === "string" ? [[key, value] as const] : [])),
  );
}

const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value ?? ""));
