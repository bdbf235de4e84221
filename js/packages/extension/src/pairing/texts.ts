/** Words of a pairing. English here; other languages in static/i18n. */

export const PAIRING_TEXTS = {
  "pairing.asking": "Asking the hub for a code…",
  "pairing.show":
    "There is no key yet. Show this code to the hub's admin, or on the hub's computer run: tavernlink pair {0} ({1} left)",
  "pairing.refused": "The hub's admin refused this code.",
  "pairing.over": "Nobody approved the code in time. Press Connect for a new one.",
} as const;
