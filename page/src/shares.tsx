/** What has how much of the parameters, the MACs or the memory of outputs: a treemap, by the groups of the picture. */

import { useMemo, useState } from "preact/hooks";
import type { Numbers } from "./data.js";
import { clipped, type Graph, type Measure, MEASURES } from "./draw.js";
import type { Placed } from "./scene.js";
import { count, memory } from "./text.js";
import { tiles } from "./treemap.js";

const WIDTH = 600;
const HEIGHT = 420;

export const TITLES: Record<Measure, string> = { params: "Parameters", macs: "MACs", output_memory: "Output memory" };

/** A field in which one of the measures is chosen. */
export function MeasureChoice(given: { label: string; class?: string; measure: Measure; choose: (measure: Measure) => void }) {
  return (
    <label class={given.class}>
      <span class="label">{given.label}</span>
      <select value={given.measure} onChange={(event) => given.choose(event.currentTarget.value as Measure)}>
        {MEASURES.map((one) => (
          <option value={one} key={one}>
            {TITLES[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

interface Props {
  readonly graph: Graph;
  readonly numbers: Numbers;
  readonly choose: (placed: Placed) => void;
}

interface Shown {
  readonly placed: Placed;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One tint for all that is in one group of the whole, so that neighbours can be told apart. */
function tint(placed: Placed): string {
  let top = placed;
  while (top.parent !== null) top = top.parent;
  return (0.25 + 0.5 * ((top.number * 0.618) % 1)).toFixed(2);
}

/** Tiles smaller than that are not divided. */
const LEAST = 24;

export function Shares({ graph, numbers, choose }: Props) {
  const [measure, setMeasure] = useState<Measure>("params");
  const [shown, total] = useMemo(() => {
    const amounts = new Map(graph.all.map((one) => [one, Number(graph.number(one, numbers, measure) ?? 0)]));
    const found: Shown[] = [];
    const divide = (boxes: readonly Placed[], x: number, y: number, width: number, height: number): void => {
      for (const tile of tiles(boxes, (one) => amounts.get(one) ?? 0, x, y, width, height)) {
        const inside = tile.item.inside;
        if (inside.length > 1 && tile.width > LEAST && tile.height > LEAST) divide(inside, tile.x, tile.y, tile.width, tile.height);
        else found.push({ placed: tile.item, x: tile.x, y: tile.y, width: tile.width, height: tile.height });
      }
    };
    const top = graph.all.filter((one) => one.parent === null);
    divide(top, 0, 0, WIDTH, HEIGHT);
    return [found, top.reduce((all, one) => all + (amounts.get(one) ?? 0), 0)];
  }, [graph, numbers, measure]);
  const written = measure === "output_memory" ? memory : count;
  return (
    <>
      <MeasureChoice label="Area" class="choice" measure={measure} choose={setMeasure} />
      <svg class="treemap" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${TITLES[measure]} by layer, ${written(total)} in all`}>
        {shown.map(({ placed, x, y, width, height }) => {
          const amount = graph.number(placed, numbers, measure);
          const share = total > 0 ? `${((100 * Number(amount ?? 0)) / total).toFixed(1)} %` : "";
          const room = Math.floor((width - 8) / 7);
          return (
            <g key={placed.number} onClick={() => choose(placed)}>
              <title>{`${clipped(placed.box.name, 80)}: ${written(amount)} (${share})`}</title>
              <rect x={x} y={y} width={width} height={height} style={{ fillOpacity: tint(placed) }} />
              {room > 4 && height > 18 && (
                <text x={x + 5} y={y + 15}>
                  {clipped(placed.box.name, room)}
                </text>
              )}
              {height > 34 && (
                <text class="soft" x={x + 5} y={y + 30}>
                  {[`${written(amount)} · ${share}`, share].find((text) => text.length <= room) ?? ""}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      {total === 0 && <p>There is nothing to show: no layer is known to have any.</p>}
    </>
  );
}
