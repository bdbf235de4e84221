/** Paths of the icons, drawn as lines on a field of 24 × 24. */

export const PATHS = {
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  clip: "M20 11l-8.5 8.500a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 4.8 4.800l-8.5 8.500a1.7 1.7 0 0 1-2.4-2.400l7.8-7.8",
  send: "M4 12l16-8-5 17-3.5-7zM11.5 14L20 4",
  stop: "M7 7h10v10H7z",
  down: "M12 5v14M6 13l6 6 6-6",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  again: "M20 5v5h-5M4 19v-5h5M5.5 9a7 7 0 0 1 12-2.500L20 10M4 14l2.5 3.500a7 7 0 0 0 12-2.5",
  onward: "M5 5l8 7-8 7zM19 5v14",
  pen: "M4 20l1-4L16 5l3 3L8 19z",
  chevron: "M6 9l6 6 6-6",
} as const;
export type IconName = keyof typeof PATHS;
