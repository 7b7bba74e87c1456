/** What Python says: made by tests/browser/page_cases.py, or read from the file that CNNSUM_CASES names. */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Data, Story } from "../src/data.js";

export interface FormulaCase {
  readonly formula: string;
  readonly values: Readonly<Record<string, string>>;
  readonly value: string;
}

export interface NumberCase {
  readonly number: string;
  readonly memory: string;
  readonly count: string;
  readonly exact: string;
}

export interface Network {
  readonly page: Data;
  readonly report: {
    readonly params: { readonly total: number };
    readonly macs: number | null;
    readonly memory: {
      readonly peak: number | null;
      readonly peak_layer: string | null;
      readonly training: { readonly total: number | null; readonly transient: number | null };
    };
  };
}

export interface StoryCase {
  readonly story: Story;
  readonly peak: number;
  readonly layer: string | null;
  readonly alive: readonly (readonly [string, number])[];
}

export interface Cases {
  readonly stories: readonly StoryCase[];
  readonly formulas: readonly FormulaCase[];
  readonly numbers: readonly NumberCase[];
  readonly networks: readonly Network[];
}

/** One kind of cases; each file of tests asks for what it needs. */
export function cases<K extends keyof Cases>(kind: K): Cases[K] {
  return (JSON.parse(text(kind)) as Cases)[kind];
}

function text(kind: keyof Cases): string {
  const file = process.env["CNNSUM_CASES"];
  if (file) return readFileSync(file, "utf8");
  let root = process.cwd();
  while (!existsSync(join(root, "pyproject.toml"))) root = dirname(root);
  const program = ["tests/browser/page_cases.py", kind];
  return execFileSync(process.env["PYTHON"] ?? "python3", program, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 30 });
}

/** Numbers between 0 and 1, the same every time (mulberry32, public domain). */
export function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
