/** Rectangles whose areas are as amounts are: the squarified treemap of Bruls, Huizing and van Wijk (2000). */

export interface Tile<T> {
  readonly item: T;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Divides a rectangle among items by their amounts, the largest first; items of nothing get no tile. */
export function tiles<T>(items: readonly T[], amount: (item: T) => number, x: number, y: number, width: number, height: number): Tile<T>[] {
  const sorted = items.filter((item) => amount(item) > 0).sort((a, b) => amount(b) - amount(a));
  let rest = sorted.reduce((all, item) => all + amount(item), 0);
  const found: Tile<T>[] = [];
  if (rest <= 0 || width <= 0 || height <= 0) return found;
  let at = 0;
  while (at < sorted.length) {
    const side = Math.min(width, height);
    if (side <= 0) break;
    // Of what is left, so that the last strip fills it: what was rounded before would be large in a thin one.
    const scale = (width * height) / rest;
    // As many into one strip as make its tiles more like squares.
    let area = 0;
    let end = at;
    let worst = Infinity;
    while (end < sorted.length) {
      const next = amount(sorted[end] as T) * scale;
      const thick = (area + next) / side;
      const largest = amount(sorted[at] as T) * scale;
      const now = Math.max(largest / thick ** 2, thick ** 2 / next);
      if (end > at && now > worst) break;
      worst = now;
      area += next;
      end += 1;
    }
    const thick = area / side;
    let along = 0;
    for (; at < end; at += 1) {
      const item = sorted[at] as T;
      rest -= amount(item);
      const long = (amount(item) * scale) / thick;
      found.push(
        width >= height
          ? { item, x, y: y + along, width: thick, height: long }
          : { item, x: x + along, y, width: long, height: thick },
      );
      along += long;
    }
    if (width >= height) {
      x += thick;
      width -= thick;
    } else {
      y += thick;
      height -= thick;
    }
  }
  return found;
}
