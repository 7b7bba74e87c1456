/** What the page is given: the object that cnnsum/answers/page/data.py writes. Types only, and how numbers are read. */

import { Formula, type Values, type Whole } from "./formula.js";

/** A number: itself, or the place of its formula in the table; null where it is not known. */
export type Num = number | readonly [number] | null;

/** A dim of a shape. */
export type Shape = readonly Num[] | null;

export interface Tensor {
  readonly shape: Shape;
  readonly dtype: string;
}

export interface Named extends Tensor {
  readonly name: string;
}

/** The numbers from a first to a last one (null: without end) that have one of some remainders, by a divisor. */
export type Stretch = readonly [first: number, last: number | null, period: number, remainders: readonly number[]];

/** A size that can be chosen. `given`: whether the file, or the caller, says it; else it is an example. */
export interface Field {
  readonly name: string;
  readonly symbol: string;
  readonly value: number;
  readonly minimum: number;
  readonly multiple_of: number;
  readonly what: string;
  readonly condition: string;
  readonly given: boolean;
  /** The sizes that all conditions on this size alone accept; null where that is everything, or not written down. */
  readonly legal: readonly Stretch[] | null;
}

export type Relation = "==" | ">=" | "%" | "broadcast";

/** What a layer needs of the sizes. */
export interface Condition {
  readonly layer: string;
  readonly relation: Relation;
  readonly left: Num;
  readonly right: Num;
  readonly reason: string;
}

/** A layer and its numbers; memory is in bytes, MACs and FLOPs are per sample. */
export interface Row {
  readonly name: string;
  readonly type: string;
  readonly outputs: readonly Tensor[];
  readonly params: Num;
  readonly trainable: Num;
  readonly macs: Num;
  readonly flops: Num;
  readonly weights_memory: Num;
  readonly output_memory: Num;
  readonly saved_memory: Num;
  readonly weights: readonly { readonly name: string; readonly shape: Shape; readonly trainable: boolean | null }[];
  readonly field: string;
  readonly line: number | null;
  readonly status: "exact" | "bound" | "unknown";
  readonly explained: number | null;
}

export type Kind = "layer" | "input" | "block" | "module" | "model" | "run" | "stage";

/** A node of the picture: a layer, which has a row, or a group of boxes. */
export interface Box {
  readonly name: string;
  readonly title: string;
  readonly kind: Kind;
  readonly folded: boolean;
  readonly row: number | null;
  readonly boxes: readonly Box[];
  /** What it says, the first its name or "", where columns were chosen for a picture; else that is decided here. */
  readonly lines?: readonly string[];
}

/** What flows from one row to another. */
export interface Edge {
  readonly source: number;
  readonly target: number;
  readonly shape: Shape;
}

export interface Finding {
  readonly code: string;
  readonly severity: "error" | "warning" | "note";
  readonly message: string;
  readonly help: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly row: number | null;
}

/** A step of the arithmetic of a layer; texts are places in the table of texts. */
export interface Step {
  readonly measure: number;
  readonly formula: number | null;
  readonly numbers: number | null;
  readonly value: Num | "all";
  readonly unit: number;
  readonly why: number;
  readonly symbols: readonly (readonly [number, Num])[];
}

export interface Explained {
  readonly what: number;
  readonly note: number;
  readonly like: string;
  readonly inputs: readonly Shape[];
  readonly settings: readonly (readonly [number, number])[];
  readonly steps: readonly Step[];
}

/** Everything that a peak of memory is the largest of: see `Story` in cnnsum/analyses/memory/liveness.py. */
export interface Story {
  readonly storages: readonly (readonly [string, Num, number, number])[];
  readonly inner: readonly Num[];
  readonly layers: readonly string[];
  readonly merges: readonly (readonly [number, number])[];
}

/** What a step of training holds that is not the same at all sizes. */
export interface Held {
  readonly total: Num;
  readonly transient: Num;
  /** Pairs of formulas: where the two of a pair are equal, it is not known exactly. */
  readonly less_where: readonly (readonly [Num, Num])[];
}

export interface Training extends Held {
  readonly optimizer: string;
  readonly weights: Num;
  readonly gradients: Num;
  readonly optimizer_state: Num;
  readonly saved: Num;
  readonly master_weights: Num;
  /** The same where every condition that two sizes be equal, or one of them 1, is met by equal ones. */
  readonly where_equal: Held | null;
  /** The same at the first values of the fields, where the formulas do not tell it there. */
  readonly at_first: Held | null;
}

export interface Totals {
  readonly params: Num;
  readonly trainable: Num;
  readonly non_trainable: Num;
  readonly buffers: Num;
  readonly macs: Num;
  readonly flops: Num;
  readonly weights: Num;
  readonly outputs: Num;
  readonly saved: Num;
  readonly peak: Num;
  readonly training: Training;
}

export type Mark = "added" | "removed" | "changed" | "affected" | "renamed";

/** What is different between two models, on the page of both; marks and details are by the place of a row. */
export interface Changes {
  readonly names: readonly [string, string];
  readonly totals: readonly (readonly [string, string, string, string])[];
  readonly notes: string;
  readonly layers: string;
  readonly sizes: readonly string[];
  readonly weights: readonly string[];
  readonly marks: Readonly<Record<string, Mark>>;
  readonly details: Readonly<Record<string, readonly string[]>>;
}

export interface Data {
  readonly schema: "cnnsum.page/1";
  readonly version: string;
  readonly name: string;
  readonly path: string;
  readonly format: string;
  readonly dtype: string;
  readonly formulas: readonly string[];
  readonly texts: readonly string[];
  readonly fields: readonly Field[];
  readonly conditions: readonly Condition[];
  readonly inputs: readonly Named[];
  readonly outputs: readonly Named[];
  readonly rows: readonly Row[];
  readonly boxes: readonly Box[];
  readonly edges: readonly Edge[];
  readonly left_out: number;
  readonly totals: Totals;
  readonly story: Story | null;
  readonly findings: readonly Finding[];
  readonly explained: readonly Explained[];
  readonly source: string | null;
  readonly notes: readonly string[];
  readonly changes: Changes | null;
  /** Whether the shapes of a picture have their batch axis. */
  readonly batches?: boolean;
}

/** The table of formulas at chosen sizes. A formula is evaluated when it is first asked for. */
export class Numbers {
  private readonly found: (Whole | null | undefined)[] = [];

  constructor(
    private readonly formulas: Formulas,
    readonly values: Values,
  ) {}

  /** The value of a number; null where it is not known. */
  of(number: Num): Whole | null {
    if (number === null || typeof number === "number") return number;
    const at = number[0];
    let value = this.found[at];
    if (value === undefined) {
      value = this.formulas.at(at).at(this.values);
      this.found[at] = value;
    }
    return value;
  }

  /** The sizes of a shape, as a text the formula of one that is open; null where even the rank is not known. */
  shape(shape: Shape): (Whole | string | null)[] | null {
    if (shape === null) return null;
    return shape.map((dim) => this.of(dim) ?? (Array.isArray(dim) ? (this.formulas.texts[(dim as readonly [number])[0]] ?? null) : null));
  }
}

/** The table of formulas, each read when it is first needed. */
export class Formulas {
  private readonly read: (Formula | undefined)[] = [];

  constructor(readonly texts: readonly string[]) {}

  at(place: number): Formula {
    let formula = this.read[place];
    if (formula === undefined) {
      formula = Formula.read(this.texts[place] ?? "");
      this.read[place] = formula;
    }
    return formula;
  }
}
