/** Which rows of a long list are drawn: those that can be seen, and some around them. All rows are equally high. */

export interface Drawn {
  first: number;
  /** Not drawn any more. */
  end: number;
}

const AROUND = 12;

export function drawn(count: number, top: number, height: number, row: number): Drawn {
  const first = Math.max(0, Math.min(count, Math.floor(top / row) - AROUND));
  const end = Math.min(count, Math.ceil((top + height) / row) + AROUND);
  return { first, end: Math.max(first, end) };
}

/** True if the list is scrolled to its end, but for a part of a row. */
export function atEnd(top: number, height: number, whole: number, row: number): boolean {
  return top + height >= whole - row;
}
