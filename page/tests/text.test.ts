import assert from "node:assert/strict";
import { test } from "node:test";
import { shortest } from "../src/formula.js";
import { count, exact, memory, shapeText } from "../src/text.js";
import { cases } from "./cases.js";

test("numbers are written as in the table of cnnsum", () => {
  const numbers = cases("numbers");
  assert.ok(numbers.length >= 4_000);
  const wrong: string[] = [];
  for (const one of numbers) {
    const number = shortest(BigInt(one.number));
    const found = { memory: memory(number), count: count(number), exact: exact(number) };
    for (const key of ["memory", "count", "exact"] as const) {
      if (found[key] !== one[key]) wrong.push(`${one.number}: ${key} ${found[key]}, not ${one[key]}`);
    }
  }
  assert.deepEqual(wrong.slice(0, 12), []);
});

test("what is not known is a question mark", () => {
  assert.deepEqual([exact(null), memory(null), count(null), shapeText(null), shapeText([1, null, 3])], ["?", "?", "?", "?", "?×3"]);
  assert.deepEqual([shapeText([2, 8, 8, 3]), shapeText([7]), shapeText([])], ["8×8×3", "7", ""]);
});
