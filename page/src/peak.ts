/** The memory of inference over time, told from the lifetimes of all storages once sizes have numbers. */

import type { Story } from "./data.js";
import type { Numbers } from "./data.js";
import { above, sum, type Whole } from "./formula.js";

export interface Moment {
  readonly layer: string;
  readonly bytes: Whole;
}

export interface Told {
  readonly peak: Whole;
  /** The step of the peak; -1 is before the first layer runs. */
  readonly at: number;
  readonly moments: readonly Moment[];
  /** What is alive at the peak: the layer that each storage was made for, and its bytes. */
  readonly alive: readonly (readonly [string, Whole])[];
}

/** The live bytes at each step and the largest of them, as `told` in cnnsum/analyses/memory/liveness.py; null where
 * some bytes are not known. */
export function told(story: Story, numbers: Numbers): Told | null {
  const sizes: Whole[] = [];
  for (const [, bytes] of story.storages) {
    const size = numbers.of(bytes);
    if (size === null) return null;
    sizes.push(size);
  }
  const size = (place: number): Whole => sizes[place] ?? 0;
  const last = story.storages.map(([, , , end]) => end);
  const moved = new Map<number, number>();
  for (const [former, output] of story.merges) {
    const origin = moved.get(former) ?? former;
    if (size(origin) === size(output) && !moved.has(output)) {
      moved.set(output, origin);
      last[origin] = last[output] ?? 0;
    }
  }
  const steps = story.layers.length;
  const rises: (Whole | null)[][] = Array.from({ length: steps + 2 }, () => []);
  const falls: (Whole | null)[][] = Array.from({ length: steps + 2 }, () => []);
  story.storages.forEach(([, , made], place) => {
    if (moved.has(place)) return;
    rises[made + 1]?.push(size(place));
    const end = last[place] ?? 0;
    if (end < steps) falls[end + 2]?.push(size(place));
  });
  const total = (step: number): Whole => less(sum(rises[step] ?? []), sum(falls[step] ?? []));
  let live: Whole = total(0);
  let peak: Whole = live;
  let at = -1;
  const moments: Moment[] = [];
  for (let step = 0; step < steps; step += 1) {
    live = sum([live, total(step + 1)]) ?? 0;
    const inner = numbers.of(story.inner[step] ?? null);
    if (inner === null) return null;
    const now = sum([live, inner]) ?? 0;
    moments.push({ layer: story.layers[step] ?? "", bytes: now });
    if (above(now, peak)) {
      peak = now;
      at = step;
    }
  }
  const alive = story.storages.flatMap(([name, , made], place): [string, Whole][] =>
    !moved.has(place) && made <= at && at <= (last[place] ?? 0) ? [[name, size(place)]] : [],
  );
  return { peak, at, moments, alive };
}

function less(left: Whole | null, right: Whole | null): Whole {
  if (typeof right === "number") return sum([left, -right]) ?? 0;
  return sum([left, right === null ? null : -right]) ?? 0;
}
