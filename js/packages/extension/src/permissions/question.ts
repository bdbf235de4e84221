/** What the dialog shows: who, what in plain words, the exact arguments, and whether to remember the answer. */

import { TEXTS, type Texts } from "../panel/texts.js";
import { isSecret } from "../profiles/secrets.js";
import type { Reply, Wish } from "./gatekeeper.js";

const LONGEST = 300;
const MOST_ROWS = 30;

export interface QuestionView {
  content: HTMLElement;
  /** What the person chose to remember. */
  remember: () => Reply["remember"];
  /** Seconds that are left. */
  tick: (seconds: number) => void;
}

export function showQuestion(wish: Wish, seconds: number, texts: Texts): QuestionView {
  const content = element("div", "tavernlink-question");
  const who = wish.caller ?? texts.say("permissions.somebody");
  content.append(
    element("h3", "", texts.say("permissions.title")),
    element("p", "tavernlink-who", texts.say("permissions.who", who)),
    element("blockquote", "", inWords(wish, texts)),
  );
  const rows = argumentRows(wish.args);
  if (rows.length > 0) content.append(details(rows, texts));
  const select = document.createElement("select");
  select.className = "text_pole";
  select.append(
    new Option(texts.say("permissions.remember.no"), "no"),
    new Option(texts.say("permissions.remember.command", wish.command), "command"),
    new Option(
      texts.say("permissions.remember.class", texts.say(`permissions.class_of.${wish.kind}`)),
      "class",
    ),
  );
  if (wish.caller !== undefined) {
    const label = element("label", "", texts.say("permissions.remember"));
    label.append(select);
    content.append(label);
  }
  const left = element("small", "", "");
  left.setAttribute("role", "timer");
  content.append(left);
  const tick = (now: number): void => {
    left.textContent = texts.say("permissions.left", now);
  };
  tick(seconds);
  return { content, remember: () => select.value as Reply["remember"], tick };
}

/** The wish as a sentence's end: “delete the lorebook “Eldoria””. */
export function inWords({ command, args }: Pick<Wish, "command" | "args">, texts: Texts): string {
  const key = `wants.${command}`;
  const values: Record<string, unknown> = { ...asRecord(args), command };
  const own = key in TEXTS ? texts.say(key as keyof typeof TEXTS) : undefined;
  const holes = own?.matchAll(/\{(\w+)\}/g) ?? [];
  // A sentence that has a hole where nothing was said would say too little.
  const told = [...holes].every(([, name = ""]) => values[name] !== undefined && values[name] !== null);
  const sentence = own !== undefined && told ? own : texts.say("wants.other");
  return sentence.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = values[name];
    return value === undefined || value === null ? hole : short(value);
  });
}

function argumentRows(args: unknown): [string, string][] {
  return Object.entries(asRecord(args))
    .filter(([, value]) => value !== null && value !== undefined)
    .slice(0, MOST_ROWS)
    .map(([name, value]) => [name, isSecret(name) ? "•••" : short(value)]);
}

function details(rows: readonly [string, string][], texts: Texts): HTMLElement {
  const whole = element("details", "");
  const table = element("table", "");
  for (const [name, value] of rows) {
    const row = element("tr", "");
    row.append(element("td", "", name), element("td", "", value));
    table.append(row);
  }
  whole.append(element("summary", "", texts.say("permissions.details")), table);
  return whole;
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
