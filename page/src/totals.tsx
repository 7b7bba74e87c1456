/** The totals of the network, each with its exact value in `data-value`. */

import type { Data, Num } from "./data.js";
import type { Numbers } from "./data.js";
import type { Whole } from "./formula.js";
import type { Told } from "./peak.js";
import { count, exact, memory } from "./text.js";
import { step } from "./training.js";

interface Props {
  readonly data: Data;
  readonly numbers: Numbers;
  readonly story: Told | null;
  readonly stale: boolean;
}

export function Totals({ data, numbers, story, stale }: Props) {
  const { totals } = data;
  const peak = story?.peak ?? numbers.of(totals.peak);
  const training = step(data, numbers);
  const saved = `${memory(numbers.of(totals.training.saved))} saved`;
  const of = (number: Num): Whole | null => numbers.of(number);
  const cards: [string, string, Whole | null, (value: Whole | null) => string, string][] = [
    ["params", "Parameters", of(totals.params), exact, `${exact(of(totals.trainable))} trainable`],
    ["macs", "MACs per sample", of(totals.macs), count, exact(of(totals.macs))],
    ["flops", "FLOPs per sample", of(totals.flops), count, exact(of(totals.flops))],
    ["weights", "Weights", of(totals.weights), memory, totals.buffers === 0 ? "" : `${exact(of(totals.buffers))} elements of buffers`],
    ["peak", "Peak of inference", peak, memory, story && story.at >= 0 ? `at ${story.moments[story.at]?.layer ?? ""}` : ""],
    ["training", `Training (${totals.training.optimizer})`, training.total, memory, [saved, training.note].filter(Boolean).join(", ")],
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
              <span class="soft">{value !== null ? more : key === "training" ? training.note : ""}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
