/** The totals of the network, each with its exact value in `data-value`. */

import type { Data, Num } from "./data.js";
import type { Numbers } from "./data.js";
import type { Whole } from "./formula.js";
import type { Told } from "./peak.js";
import { count, exact, memory } from "./text.js";

interface Props {
  readonly data: Data;
  readonly numbers: Numbers;
  readonly story: Told | null;
  readonly stale: boolean;
}

/** Bytes of a training step; null where a layer may or may not write in place at just these sizes. */
export function trainingTotal(data: Data, numbers: Numbers): Whole | null {
  const { training } = data.totals;
  const open = training.less_where.some(([left, right]) => numbers.of(left) === numbers.of(right));
  return open ? null : numbers.of(training.total);
}

export function Totals({ data, numbers, story, stale }: Props) {
  const { totals } = data;
  const peak = story?.peak ?? numbers.of(totals.peak);
  const of = (number: Num): Whole | null => numbers.of(number);
  const cards: [string, string, Whole | null, (value: Whole | null) => string, string][] = [
    ["params", "Parameters", of(totals.params), exact, `${exact(of(totals.trainable))} trainable`],
    ["macs", "MACs per sample", of(totals.macs), count, exact(of(totals.macs))],
    ["flops", "FLOPs per sample", of(totals.flops), count, exact(of(totals.flops))],
    ["weights", "Weights", of(totals.weights), memory, totals.buffers === 0 ? "" : `${exact(of(totals.buffers))} elements of buffers`],
    ["peak", "Peak of inference", peak, memory, story && story.at >= 0 ? `at ${story.moments[story.at]?.layer ?? ""}` : ""],
    ["training", `Training (${totals.training.optimizer})`, trainingTotal(data, numbers), memory, `${memory(of(totals.training.saved))} saved`],
  ];
  return (
    <section aria-label="Totals">
      <dl class={`totals${stale ? " stale" : ""}`}>
        {cards.map(([key, name, value, shown, more]) => (
          <div key={key}>
            <dt>{name}</dt>
            <dd>
              <span class="value" data-total={key} data-value={value === null ? "" : String(value)}>
                {value === null ? "not known" : shown(value)}
              </span>
              <span class="soft">{value === null ? "" : more}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
