/** From figures to the lines of a small chart. */

/** The top of a scale: 1, 2 or 5 times a power of ten, not below any value. */
export function ceilingOf(values: readonly (number | null)[], least = 1): number {
  const highest = Math.max(least, ...values.map((value) => value ?? 0));
  const power = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 2, 5, 10].find((each) => each * power >= highest * 0.9999) ?? 10;
  return step * power;
}

/** An SVG path through the values; a gap where there is none. One value alone is a short line. */
export function lineOf(
  values: readonly (number | null)[],
  ceiling: number,
  width: number,
  height: number,
): string {
  const step = width / Math.max(1, values.length - 1);
  let path = "";
  let drawing = false;
  values.forEach((value, at) => {
    if (value === null) {
      drawing = false;
      return;
    }
    const [x, y] = [at * step, height - (Math.min(value, ceiling) / ceiling) * height];
    path += `${drawing ? "L" : "M"}${short(x)} ${short(y)}`;
    if (!drawing && (values[at + 1] ?? null) === null) path += `h${short(step / 2)}`;
    drawing = true;
  });
  return path;
}

/** The same, closed along the bottom: what lies below the line. */
export function areaOf(
  values: readonly (number | null)[],
  ceiling: number,
  width: number,
  height: number,
): string {
  const step = width / Math.max(1, values.length - 1);
  let path = "";
  let from: number | null = null;
  const close = (upto: number): void => {
    if (from === null) return;
    const line = lineOf(values.slice(from, upto + 1), ceiling, (upto - from) * step, height);
    const left = from * step;
    path += shiftedBy(line, left) + `L${short(upto * step)} ${short(height)}H${short(left)}Z`;
    from = null;
  };
  values.forEach((value, at) => {
    if (value !== null) from ??= at;
    else close(at - 1);
  });
  close(values.length - 1);
  return path;
}

/** The last figure that was measured. */
export function latest(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

function shiftedBy(path: string, x: number): string {
  return path.replace(
    /([ML])(-?[\d.]+) /g,
    (_, move: string, at: string) => `${move}${short(Number(at) + x)} `,
  );
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
