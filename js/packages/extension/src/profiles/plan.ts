/** What taking over a profile would change here, item by item, and what should not be changed without a person. */

import type { ItemChange, ItemRef } from "@tavernlink/client";

import { differences } from "./differences.js";
import { codeOf, fingerprint, keyOf, type Item } from "./item.js";
import { withoutSecrets } from "./secrets.js";

export interface Step {
  change: ItemChange;
  /** What is to be saved; undefined: the item goes. Without this place's secrets. */
  item: Item | undefined;
  /** What is there now, with them. */
  local: Item | undefined;
}

export interface Plan {
  steps: Step[];
  /** Items that are already as the profile has them. */
  same: Item[];
}

export interface PlanPage {
  published: readonly Item[];
  local: readonly Item[];
  /** Key → fingerprint of what was last applied here from this profile. */
  applied: Readonly<Record<string, string>>;
  isOpen: (ref: ItemRef) => boolean;
  /** The published content as this place would keep it. */
  fit: (item: Item, local: Item | undefined) => Item;
}

export function makePlan({ published, local, applied, isOpen, fit }: PlanPage): Plan {
  const plan: Plan = { steps: [], same: [] };
  const here = new Map(local.map((item) => [keyOf(item), item]));
  const wanted = new Map(published.map((item) => [keyOf(item), item]));
  for (const [key, asPublished] of wanted) {
    const mine = here.get(key);
    const item = withoutSecrets(fit(asPublished, mine));
    if (mine === undefined) {
      // Was applied once and is gone: somebody here deleted it.
      const held = key in applied ? ({ held: "conflict" } as const) : {};
      plan.steps.push({ change: { ...refOf(item), change: "added", ...held }, item, local: undefined });
      continue;
    }
    const public_ = withoutSecrets(mine);
    if (codeOf(public_.content) === codeOf(item.content)) {
      plan.same.push(mine);
      continue;
    }
    const { fields, more } = differences(public_.content, item.content);
    const change: ItemChange = { ...refOf(item), change: "changed", fields, more };
    plan.steps.push({ change: { ...change, ...heldFor(mine, applied[key], isOpen) }, item, local: mine });
  }
  for (const key of Object.keys(applied)) {
    const mine = here.get(key);
    if (mine === undefined || wanted.has(key)) continue;
    const held = heldFor(mine, applied[key], isOpen);
    plan.steps.push({
      change: { ...refOf(mine), change: "removed", ...held },
      item: undefined,
      local: mine,
    });
  }
  return plan;
}

function heldFor(
  mine: Item,
  applied: string | undefined,
  isOpen: (ref: ItemRef) => boolean,
): Pick<ItemChange, "held"> {
  if (applied !== fingerprint(withoutSecrets(mine).content)) return { held: "conflict" };
  return isOpen(mine) ? { held: "open" } : {};
}

function refOf({ kind, name }: ItemRef): ItemRef {
  return { kind, name };
}
