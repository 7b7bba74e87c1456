/** The live bytes of inference over time, with the peak and what is alive there; and what a training step needs. */

import type { Data, Num } from "./data.js";
import type { Numbers } from "./data.js";
import { clipped } from "./draw.js";
import type { Whole } from "./formula.js";
import type { Told } from "./peak.js";
import { memory } from "./text.js";
import { step } from "./training.js";

const WIDTH = 600;
const HEIGHT = 190;

interface Props {
  readonly data: Data;
  readonly numbers: Numbers;
  readonly story: Told | null;
  readonly named: (layer: string) => void;
}

export function Memory({ data, numbers, story, named }: Props) {
  const { training } = data.totals;
  const whole = step(data, numbers);
  const of = (number: Num): Whole | null => numbers.of(number);
  const items: [string, Num, Whole | null][] = [
    ["weights", training.weights, of(training.weights)],
    ["gradients", training.gradients, of(training.gradients)],
    [`optimizer (${training.optimizer})`, training.optimizer_state, of(training.optimizer_state)],
    ["saved for backward", training.saved, of(training.saved)],
    ["transient", training.transient, whole.transient],
    ["master weights", training.master_weights, of(training.master_weights)],
  ];
  return (
    <>
      <h2>Inference, layer by layer</h2>
      {story === null ? (
        <p>The memory of inference is not known: some shapes are not.</p>
      ) : (
        <>
          <Chart story={story} named={named} />
          <h3>Alive at the peak{story.at >= 0 ? `, while ${clipped(story.moments[story.at]?.layer ?? "", 60)} runs` : ""}</h3>
          <table>
            <tbody>
              {story.alive.map(([name, bytes], at) => (
                <tr key={at}>
                  <th scope="row">{clipped(name, 60)}</th>
                  <td class="right">{memory(bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      <h2>A training step</h2>
      <table>
        <tbody>
          {items
            .filter(([, number]) => number !== 0)
            .map(([name, , value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="right">{memory(value)}</td>
              </tr>
            ))}
          <tr class="sum">
            <th scope="row">total</th>
            <td class="right">{memory(whole.total)}</td>
          </tr>
        </tbody>
      </table>
    </>
  );
}

function Chart({ story, named }: { readonly story: Told; readonly named: (layer: string) => void }) {
  const most = Math.max(1, Number(story.peak));
  const count = Math.max(1, story.moments.length);
  const wide = WIDTH / count;
  const steps = story.moments.map((moment, at) => `${at ? "L" : "M"}${px(at * wide)} ${px(HEIGHT - (HEIGHT * Number(moment.bytes)) / most)}h${px(wide)}`);
  const peak = story.at >= 0 ? story.at : 0;
  const chosen = (event: MouseEvent): void => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const at = Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * count)));
    named(story.moments[at]?.layer ?? "");
  };
  return (
    <figure class="chart">
      <figcaption>
        {memory(story.peak)} at the peak; {story.moments.length.toLocaleString("en")} layers from left to right. A click chooses the layer.
      </figcaption>
      <svg viewBox={`0 -4 ${WIDTH} ${HEIGHT + 8}`} role="img" aria-label={`Live bytes over ${story.moments.length} layers, at most ${memory(story.peak)}`} onClick={chosen}>
        <path class="area" d={`${steps.join("")}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}z`} />
        <rect class="peak" x={px(peak * wide)} y={-4} width={px(Math.max(wide, 2))} height={HEIGHT + 4} />
      </svg>
    </figure>
  );
}

function px(number: number): string {
  return number.toFixed(2);
}
