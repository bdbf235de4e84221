/** What the person sees before settings are taken over or published: lists with boxes to tick. */

import type { FieldChange, ItemChange, ProfileInfo } from "@tavernlink/client";

import type { Texts } from "../panel/texts.js";
import { KINDS, keyOf, type Item } from "./item.js";

export type Confirm = (content: HTMLElement, ok: string, cancel: string) => Promise<boolean>;

/** Shows what would change; the keys that were ticked, or undefined. */
export async function askWhatToApply(
  changes: readonly ItemChange[],
  info: ProfileInfo,
  texts: Texts,
  confirm: Confirm,
): Promise<ReadonlySet<string> | undefined> {
  const content = element("div", "tavernlink-items");
  content.append(
    element("h3", "", texts.say("profiles.pull_title", info.profile, info.version, info.author)),
    ...(info.note === "" ? [] : [element("p", "", info.note)]),
    element("p", "", texts.say("profiles.pull_about")),
  );
  const boxes = new Map<string, HTMLInputElement>();
  for (const change of changes) {
    // What was changed here is replaced only where the person says so.
    const box = checkbox(change.held === undefined, keyOf(change));
    boxes.set(keyOf(change), box);
    content.append(showChange(change, box, texts));
  }
  const agreed = await confirm(content, texts.say("profiles.apply"), texts.say("profiles.cancel"));
  return agreed ? new Set([...boxes].filter(([, box]) => box.checked).map(([key]) => key)) : undefined;
}

function showChange(change: ItemChange, box: HTMLInputElement, texts: Texts): HTMLElement {
  const whole = element("details", "");
  const summary = element("summary", "");
  summary.append(
    box,
    element("b", "", change.name),
    element("small", "", `${texts.say(`kind.${change.kind}`)}, ${texts.say(`profiles.${change.change}`)}`),
  );
  if (change.held !== undefined)
    summary.append(element("small", "tavernlink-held", texts.say(`profiles.${change.held}`)));
  whole.append(summary);
  const fields = change.fields ?? [];
  if (fields.length > 0) {
    const table = element("table", "");
    table.append(...fields.map((field) => showField(field, texts)));
    whole.append(table);
  }
  if ((change.more ?? 0) > 0)
    whole.append(element("small", "", texts.say("profiles.more", change.more ?? 0)));
  return whole;
}

function showField({ path, before, after }: FieldChange, texts: Texts): HTMLElement {
  const row = element("tr", "");
  const absent = texts.say("profiles.absent");
  row.append(
    element("td", "", path),
    element("td", "", before ?? absent),
    element("td", "", after ?? absent),
  );
  return row;
}

export interface Publication {
  profile: string;
  note: string;
  items: Item[];
}

/** Lets the person choose what to publish; undefined: nothing. */
export async function askWhatToPublish(
  offered: readonly Item[],
  profile: string,
  texts: Texts,
  confirm: Confirm,
): Promise<Publication | undefined> {
  const content = element("div", "tavernlink-items");
  const name = textField("tavernlink_publish_name", profile, 200);
  const note = textField("tavernlink_publish_note", "", 500);
  content.append(
    element("h3", "", texts.say("profiles.publish_title")),
    element("p", "", texts.say("profiles.publish_about")),
    labelled(texts.say("profiles.name"), name),
    labelled(texts.say("profiles.note"), note),
  );
  const boxes: [HTMLInputElement, Item][] = [];
  for (const kind of KINDS) {
    const items = offered.filter((item) => item.kind === kind);
    if (items.length === 0) continue;
    const group = element("details", "");
    const all = checkbox(false, kind);
    const summary = element("summary", "");
    summary.append(
      all,
      element("b", "", texts.say(`kind.${kind}`)),
      element("small", "", String(items.length)),
    );
    group.append(summary);
    const own = items.map((item): [HTMLInputElement, Item] => [checkbox(false, keyOf(item)), item]);
    all.addEventListener("change", () => {
      for (const [box] of own) box.checked = all.checked;
    });
    for (const [box, item] of own) group.append(labelled(item.name, box));
    boxes.push(...own);
    content.append(group);
  }
  if (!(await confirm(content, texts.say("profiles.publish_ok"), texts.say("profiles.cancel"))))
    return undefined;
  const items = boxes.filter(([box]) => box.checked).map(([, item]) => item);
  return { profile: name.value.trim(), note: note.value.trim(), items };
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function checkbox(checked: boolean, key: string): HTMLInputElement {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = checked;
  box.dataset["key"] = key;
  return box;
}

function textField(id: string, value: string, longest: number): HTMLInputElement {
  const field = document.createElement("input");
  field.id = id;
  field.type = "text";
  field.className = "text_pole";
  field.value = value;
  field.maxLength = longest;
  return field;
}

function labelled(text: string, field: HTMLInputElement): HTMLElement {
  const label = element("label", field.type === "checkbox" ? "checkbox_label" : "");
  const words = element("span", "", text);
  label.append(...(field.type === "checkbox" ? [field, words] : [words, field]));
  return label;
}
