/** The memory of a training step once sizes have numbers. Knows no page. */

import type { Data, Held, Numbers } from "./data.js";
import type { Whole } from "./formula.js";

export interface Step {
  readonly total: Whole | null;
  readonly transient: Whole | null;
  /** What is to be said of it; "" where that is nothing. */
  readonly note: string;
}

/** What a step holds at chosen sizes; nothing where a layer may or may not write in place at just these, which the sizes
 * do not tell. */
export function step(data: Data, numbers: Numbers): Step {
  const { training } = data.totals;
  const own = [training, ...(training.where_equal !== null && nothingBroadcast(data, numbers) ? [training.where_equal] : [])];
  const found = own.find((one) => !one.less_where.some(([left, right]) => numbers.of(left) === numbers.of(right)));
  if (found !== undefined) return told(found, numbers, "");
  if (training.at_first === null) return { total: null, transient: null, note: "" };
  if (data.fields.every((field) => numbers.values.get(field.symbol) === field.value)) {
    return told(training.at_first, numbers, "known at these sizes only");
  }
  const first = data.fields.map((field) => `${field.name} ${field.value}`).join(", ");
  return { total: null, transient: null, note: `known at ${first} only` };
}

function told(held: Held, numbers: Numbers, note: string): Step {
  return { total: numbers.of(held.total), transient: numbers.of(held.transient), note };
}

function nothingBroadcast(data: Data, numbers: Numbers): boolean {
  return data.conditions.every((one) => one.relation !== "broadcast" || (numbers.of(one.left) ?? -1) === numbers.of(one.right));
}
