/**
 * What may not leave this SillyTavern in a profile: keys, passwords, and addresses that belong to one server.
 *
 * The hub checks by the same rule (src/tavernlink/core/profiles/secrets.py); tests/profiles/examples.json holds both
 * against one list.
 */

import type { Content, Item } from "./item.js";

const PRIVATE: ReadonlySet<string> = new Set([
  // What SillyTavern itself asks about when it exports a chat completion preset (openai.js, sensitiveFields).
  "reverse_proxy",
  "proxy_password",
  "custom_url",
  "custom_include_body",
  "custom_exclude_body",
  "custom_include_headers",
  "vertexai_region",
  "vertexai_express_project_id",
  "azure_base_url",
  "azure_deployment_name",
  "workers_ai_account_id",
  // Of text completion presets.
  "api_server",
  "server_urls",
  "streaming_url",
  // Anybody's.
  "authorization",
  "cookie",
  "key",
  "token",
]);
const PATTERN =
  /password|passwd|passphrase|secret|credential|api_?key|private_?key|access_?key|(access|auth|bearer|refresh|session)_?token$/;
/** World info has a field `key`: the words that wake an entry. */
const LORE: ReadonlySet<string> = new Set(["entries", "originalData"]);

export function isSecret(name: string): boolean {
  const folded = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replaceAll("-", "_");
  return PRIVATE.has(folded) || PATTERN.test(folded);
}

/** The item as it may be published. */
export function withoutSecrets(item: Item): Item {
  return { ...item, content: clean(item.content, item.kind === "lorebook") };
}

function clean(content: Content, lore: boolean): Content {
  return Object.fromEntries(
    Object.entries(content)
      .filter(([name]) => !isSecret(name))
      .map(([name, value]) => [name, lore && LORE.has(name) ? value : cleanValue(value)]),
  );
}

function cleanValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleanValue);
  return isRecord(value) ? clean(value, false) : value;
}

/** What is to be saved here: the published content, with this SillyTavern's own secret fields where they were. */
export function withLocalSecrets(content: Content, local: Content | undefined): Content {
  if (local === undefined) return content;
  const kept = { ...content };
  for (const [name, value] of Object.entries(local)) {
    const published = content[name];
    if (isSecret(name)) kept[name] = value;
    else if (isRecord(value) && isRecord(published)) kept[name] = withLocalSecrets(published, value);
  }
  return kept;
}

export function isRecord(value: unknown): value is Content {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
