import assert from "node:assert/strict";
import { test } from "node:test";
import { Formula, FormulaError, shortest, sum, type Whole } from "../src/formula.js";
import { cases, random } from "./cases.js";

test("formulas have the values that Python finds, however large", () => {
  const formulas = cases("formulas");
  assert.ok(formulas.length >= 10_000);
  const wrong: string[] = [];
  for (const { formula, values, value } of formulas) {
    const given = new Map<string, Whole>(Object.entries(values).map(([name, size]) => [name, shortest(BigInt(size))]));
    const found = Formula.read(formula).at(given);
    if (String(found) !== value) wrong.push(`${formula} at ${JSON.stringify(values)}: ${String(found)}, not ${value}`);
    // What a number holds exactly is one, so that equal values are the same value.
    if (typeof found === "bigint" && Number.isSafeInteger(Number(found))) wrong.push(`${formula}: ${found} is a bigint`);
    if (Object.is(found, -0)) wrong.push(`${formula}: -0`);
  }
  assert.deepEqual(wrong.slice(0, 5), []);
});

test("a formula reads by the precedence of Python", () => {
  for (const [text, value] of [
    ["2 + 3*4", 14],
    ["-2**2", -4],
    ["2**3**2", 512],
    ["2**-1", null],
    ["-7//2", -4],
    ["-7%3", 2],
    ["7%-3", -2],
    ["10 - 3 - 4", 3],
    ["100//7//2", 7],
    ["ceil(-7/2)", -3],
    ["floor(-7/2)", -4],
    ["ceil(7/(2 + 1))", 3],
    ["max(1, 5, 3) - min(4, 2)", 3],
    ["1//0", null],
    ["1%0", null],
    ["ceil(1/0)", null],
    ["H", null],
    ["0*H", null],
    ["9007199254740993 - 9007199254740992", 1],
    ["2**53 + 1 - 2**53", 1],
    ["(2**60)//(2**59)", 2],
    ["-(2**60)%(2**59 - 1)", 2 ** 59 - 1 - 2],
  ] as const) {
    const found = Formula.read(text).at(new Map());
    if (text.startsWith("-(2**60)")) assert.equal(found, 2n ** 59n - 3n, text);
    else assert.equal(found, value, text);
  }
});

test("what is not a formula is refused with its place", () => {
  for (const text of ["", "  ", "1 +", "(1", "1)", "1 2", "a b", "f(2)", "max()", "ceil(1, 2)", "1/2", "$", "2 +* 3", "(".repeat(2_000), "-".repeat(200_000) + "1", "2**".repeat(100_000) + "2"]) {
    assert.throws(() => Formula.read(text), FormulaError, text.slice(0, 20));
  }
});

test("a long formula is not a deep one", () => {
  const terms = Array.from({ length: 20_000 }, (_, at) => `${at}*H`);
  assert.equal(Formula.read(terms.join(" + ")).at(new Map([["H", 2]])), 19_999 * 20_000);
});

test("sums are exact where numbers are not", () => {
  const draw = random(3);
  for (let round = 0; round < 300; round += 1) {
    const numbers = Array.from({ length: 20 }, () => {
      const large = draw() < 0.3;
      const one = BigInt(Math.floor(draw() * 2 ** 53)) * (large ? 2n ** 40n : 1n) * (draw() < 0.3 ? -1n : 1n);
      return shortest(one);
    });
    const exact = numbers.reduce<bigint>((all, one) => all + BigInt(one), 0n);
    const found = sum(numbers);
    assert.equal(found, shortest(exact));
  }
  assert.equal(sum([1, null, 2]), null);
  assert.equal(sum([]), 0);
  assert.equal(sum([2n ** 60n, -(2n ** 60n), 5]), 5);
});
