/** The pages of the console in their groups, and who may open which. */

import type { Page } from "./place.svelte.js";

/** What a key lets its owner do here. */
export interface Visitor {
  role: string;
  mayWrite: boolean;
}

export interface Entry {
  page: Page;
  /** Path of a 24 × 24 drawing. */
  icon: string;
  who?: "admin" | "writers";
}

export interface Group {
  name: "look" | "talk" | "automate" | "hub";
  entries: readonly Entry[];
}

export const GROUPS: readonly Group[] = [
  {
    name: "look",
    entries: [
      { page: "overview", icon: "M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z" },
      { page: "requests", icon: "M4 5h16v3H4zm0 5.5h16v3H4zM4 16h10v3H4z" },
      { page: "tabs", icon: "M3 4h18v13H3zm2 4v7h14V8zm3 10h8v2H8z", who: "writers" },
    ],
  },
  {
    name: "talk",
    entries: [
      { page: "chat", icon: "M4 4h16v12H9l-5 4z" },
      {
        page: "rooms",
        icon: "M8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zm8 2a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM2 20c0-4 3-6 6-6s6 2 6 6zm14 0c0-2-.6-3.8-1.7-5.2 3.5-.7 7.2 1 7.7 5.2z",
      },
    ],
  },
  {
    name: "automate",
    entries: [
      {
        page: "functions",
        icon: "M14.5 3C11 3 10.3 5 9.9 8H6v2h3.600l-.9 7c-.3 2-.8 2.400-2.200 2.400-.6 0-1.100-.1-1.600-.3l-.5 1.600c.6.3 1.500.5 2.400.5 2.800 0 3.900-1.500 4.300-4.400l.9-6.800H16V8h-3.800c.3-2.300.7-3.200 2.200-3.200.6 0 1.100.1 1.600.3l.6-1.600c-.6-.3-1.300-.5-2.100-.5z",
      },
      { page: "routes", icon: "M4 5h2v6h9V7l6 5-6 5v-4H6v6H4z", who: "admin" },
      { page: "webhooks", icon: "M3 11h9V7l7 5-7 5v-4H3zm16-7h2v16h-2z", who: "writers" },
      {
        page: "schedules",
        icon: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm1 4v4.6l3.2 3.2-1.4 1.4L11 12.4V7z",
        who: "writers",
      },
    ],
  },
  {
    name: "hub",
    entries: [
      {
        page: "keys",
        icon: "M8 3a5 5 0 1 0 3.5 8.6l2 2V16h2v2h2v2h3v-3l-7-7A5 5 0 0 0 8 3zm-1.5 3a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z",
        who: "admin",
      },
      {
        page: "settings",
        icon: "M3 6h9v2H3zm15 0h3v2h-3zM13 4h4v6h-4zM3 16h3v2H3zm9 0h9v2h-9zM7 14h4v6H7z",
        who: "admin",
      },
      {
        page: "logs",
        icon: "M3 4h18v16H3zm2 4v10h14V8zm2 2 3 3-3 3-1-1 2-2-2-2zm4 5h5v1.500h-5z",
        who: "admin",
      },
      { page: "audit", icon: "M5 3h14v18H5zm3 4v2h8V7zm0 4v2h8v-2zm0 4v2h5v-2z", who: "admin" },
    ],
  },
];

export function mayOpen({ role, mayWrite }: Visitor, { who }: Entry): boolean {
  return who === undefined || (who === "admin" ? role === "admin" : mayWrite);
}

/** The groups with what this visitor may open in them; one without anything is left out. */
export function groupsFor(visitor: Visitor): Group[] {
  return GROUPS.map(({ name, entries }) => ({
    name,
    entries: entries.filter((entry) => mayOpen(visitor, entry)),
  })).filter(({ entries }) => entries.length > 0);
}

/** True if this visitor may open the page with this name. */
export function mayShow(visitor: Visitor, page: Page): boolean {
  return GROUPS.some(({ entries }) =>
    entries.some((entry) => entry.page === page && mayOpen(visitor, entry)),
  );
}
