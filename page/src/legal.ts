/** Which sizes the network accepts: what refuses chosen ones, and the nearest that would do. Knows no page. */

import type { Condition, Data, Field, Num, Relation, Stretch } from "./data.js";
import { Formulas, Numbers } from "./data.js";
import type { Values, Whole } from "./formula.js";

/** Sizes that are put into the conditions at most, on either side of a refused one, until one is accepted. */
export const MOST_TRIED = 8192;

/** Larger sizes are not taken: no formula needs them, and a field is no place to write them. */
export const LARGEST = 1_000_000_000;

export interface Refusal {
  readonly field: Field;
  readonly reason: string;
  readonly layer: string | null;
  /** The nearest sizes of that field that are accepted with all others as they are: below, and above. */
  readonly near: readonly number[];
}

type Fault = Pick<Refusal, "reason" | "layer">;

/** Judges sizes by the conditions of the layers and by what is declared of the symbols. */
export class Judge {
  /** By symbol, the conditions that it is in. */
  private readonly of = new Map<string, Condition[]>();
  private readonly sets = new Map<Stretch, ReadonlySet<number>>();

  constructor(
    private readonly data: Data,
    private readonly formulas: Formulas,
  ) {
    const known = new Set(data.fields.map((field) => field.symbol));
    for (const condition of data.conditions) {
      const own = new Set<string>();
      for (const side of [condition.left, condition.right]) {
        if (side === null || typeof side === "number") continue;
        for (const [name] of (formulas.texts[side[0]] ?? "").matchAll(/[\p{L}_][\p{L}\p{N}_]*/gu)) if (known.has(name)) own.add(name);
      }
      for (const name of own) {
        const before = this.of.get(name);
        if (before === undefined) this.of.set(name, [condition]);
        else before.push(condition);
      }
    }
  }

  /** What refuses these sizes: of the size that was typed `lately` if it can be, else of the first; null where the
   * network accepts them. */
  refusal(values: Values, lately: string | null = null): Refusal | null {
    const told = (field: Field, fault: Fault): Refusal => ({ field, ...fault, near: this.near(field, sizeOf(field, values), values) });
    // A size that is none would also fail conditions, of other fields too: that is not what is wrong.
    for (const field of this.data.fields) {
      const fault = this.unsuited(field, sizeOf(field, values));
      if (fault !== null) return told(field, fault);
    }
    const numbers = new Numbers(this.formulas, values);
    const inOrder = [...this.data.fields].sort((one, other) => Number(other.symbol === lately) - Number(one.symbol === lately));
    for (const field of inOrder) {
      const unmet = this.of.get(field.symbol)?.find((condition) => !holds(condition, numbers));
      if (unmet !== undefined) return told(field, { reason: unmet.reason, layer: unmet.layer });
    }
    return null;
  }

  /** Why a number is not a size of a field, whatever the network. */
  private unsuited(field: Field, size: number): Fault | null {
    if (!Number.isInteger(size) || size < 1) return { reason: "a size is a positive whole number", layer: null };
    if (size > LARGEST) return { reason: `sizes beyond ${LARGEST.toLocaleString("en")} are not tried`, layer: null };
    if (size < field.minimum) return { reason: `the file declares that it is at least ${field.minimum}`, layer: null };
    if (size % field.multiple_of) return { reason: `the file declares that it is a multiple of ${field.multiple_of}`, layer: null };
    return null;
  }

  private near(field: Field, size: number, values: Values): number[] {
    const from = Number.isFinite(size) ? Math.min(Math.max(Math.round(size), 0), LARGEST) : 0;
    const own = this.of.get(field.symbol) ?? [];
    // One map is written over: each size is looked at once.
    const others = new Map(values);
    const found: number[] = [];
    for (const step of [-1, 1] as const) {
      let tried = 0;
      let other = this.next(field, from + step, step);
      while (other !== null && tried < MOST_TRIED) {
        if (this.unsuited(field, other) === null) {
          tried += 1;
          others.set(field.symbol, other);
          if (own.every((condition) => met(condition, this.formulas, others))) {
            found.push(other);
            break;
          }
        }
        other = this.next(field, other + step, step);
      }
    }
    return found;
  }

  /** The nearest size from one on, up or down, that neither the file nor a condition on it alone refuses. */
  private next(field: Field, from: number, step: 1 | -1): number | null {
    let size = step > 0 ? Math.max(from, field.minimum) : from;
    while (size >= field.minimum && size >= 1 && size <= LARGEST) {
      if (field.legal === null) return size;
      const stretch = step > 0 ? field.legal.find(([, last]) => last === null || last >= size) : field.legal.findLast(([first]) => first <= size);
      if (stretch === undefined) return null;
      const [first, last, period] = stretch;
      size = step > 0 ? Math.max(size, first) : Math.min(size, last ?? size);
      const remainders = this.remainders(stretch);
      for (let at = 0; at < period && size >= first && size <= (last ?? size); at += 1, size += step) {
        if (remainders.has(size % period)) return size >= field.minimum && size <= LARGEST ? size : null;
      }
    }
    return null;
  }

  private remainders(stretch: Stretch): ReadonlySet<number> {
    let found = this.sets.get(stretch);
    if (found === undefined) this.sets.set(stretch, (found = new Set(stretch[3])));
    return found;
  }
}

function sizeOf(field: Field, values: Values): number {
  return Number(values.get(field.symbol) ?? 0);
}

/** Whether a condition holds at sizes that are asked about once. */
function met(condition: Condition, formulas: Formulas, values: Values): boolean {
  const of = (number: Num): Whole | null => (number === null || typeof number === "number" ? number : formulas.at(number[0]).at(values));
  return compared(condition.relation, of(condition.left), of(condition.right));
}

/** Whether a condition holds; what is not known is not held against a size. */
export function holds(condition: Condition, numbers: Numbers): boolean {
  return compared(condition.relation, numbers.of(condition.left), numbers.of(condition.right));
}

function compared(relation: Relation, left: Whole | null, right: Whole | null): boolean {
  if (left === null || right === null) return true;
  switch (relation) {
    case "==":
      return left === right;
    case ">=":
      return left >= right;
    case "%":
      return right === 0 ? left === 0 : divides(left, right);
    case "broadcast":
      return left === right || left === 1 || right === 1;
  }
}

function divides(left: Whole, right: Whole): boolean {
  return typeof left === "number" && typeof right === "number" ? left % right === 0 : BigInt(left) % BigInt(right) === 0n;
}
