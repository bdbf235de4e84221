/** SillyTavern's own slash commands, called as functions: a way to what its modules do not export. */

import { HostError } from "./failure.js";
import { loadModule } from "./library/server.js";

interface STOption {
  value: string;
}

interface STSlashCommand {
  callback(args: Record<string, unknown>, value: string): unknown;
  unnamedArgumentList?: { enumProvider?: () => STOption[] }[];
}

async function find(name: string): Promise<STSlashCommand | undefined> {
  const module = await loadModule("/scripts/slash-commands/SlashCommandParser.js");
  const parser = module?.["SlashCommandParser"] as { commands?: Record<string, STSlashCommand> } | undefined;
  return parser?.commands?.[name];
}

/** Its answer as a text. Throws `unsupported_backend` where this SillyTavern has no such command. */
export async function callSlash(
  name: string,
  value: string,
  args: Record<string, unknown> = {},
): Promise<string> {
  const command = await find(name);
  if (command === undefined)
    throw new HostError(
      "unsupported_backend",
      `This SillyTavern has no /${name}; is its extension switched off?`,
    );
  const answer = await command.callback(args, value);
  return typeof answer === "string" ? answer : "";
}

/** What a slash command offers for its argument. */
export async function slashChoices(name: string): Promise<string[]> {
  const command = await find(name);
  const choices = command?.unnamedArgumentList?.[0]?.enumProvider?.() ?? [];
  return choices.map(({ value }) => value).filter((value) => value !== "");
}
