import assert from "node:assert/strict";
import { test } from "node:test";
import type { Data, Held, Num, Story } from "../src/data.js";
import { Formulas, Numbers } from "../src/data.js";
import type { Whole } from "../src/formula.js";
import { holds, Judge } from "../src/legal.js";
import { told } from "../src/peak.js";
import { step } from "../src/training.js";
import { cases, random } from "./cases.js";

const networks = cases("networks");

test("a peak that is told again is the one of the report", () => {
  for (const { page, report } of networks) {
    const values = new Map<string, Whole>(page.fields.map((field) => [field.symbol, field.value]));
    const numbers = new Numbers(new Formulas(page.formulas), values);
    assert.equal(page.story === null ? null : (told(page.story, numbers)?.peak ?? null), report.memory.peak, page.name);
    assert.equal(numbers.of(page.totals.params), report.params.total, page.name);
    assert.equal(numbers.of(page.totals.macs), report.macs, page.name);
    const training = step(page, numbers);
    assert.deepEqual([training.total, training.transient], [report.memory.training.total, report.memory.training.transient], page.name);
  }
});

test("a training step is told where equal sizes decide it, else at the first sizes, else said to be known there", () => {
  const page = networks[0]?.page as Data;
  const held = (total: number, ...less_where: [Num, Num][]): Held => ({ total, transient: 1, less_where });
  const of = (where_equal: Held | null, at_first: Held | null, right: Num): Data => ({
    ...page,
    fields: page.fields.slice(0, 1),
    conditions: [{ layer: "add", relation: "broadcast", left: 4, right, reason: "" }],
    totals: { ...page.totals, training: { ...page.totals.training, ...held(10, [3, 3]), where_equal, at_first } },
  });
  const { name = "", symbol = "", value = 0 } = page.fields[0] ?? {};
  const told = (data: Data, size: number) => {
    const { total, note } = step(data, new Numbers(new Formulas([]), new Map([[symbol, size]])));
    return [total, note];
  };
  assert.deepEqual(told(of(held(20), held(30), 4), value), [20, ""]);
  assert.deepEqual(told(of(held(20), held(30), 1), value), [30, "known at these sizes only"]);
  assert.deepEqual(told(of(held(20, [5, 5]), held(30), 4), value), [30, "known at these sizes only"]);
  assert.deepEqual(told(of(held(20), held(30), 1), value + 1), [null, `known at ${name} ${value} only`]);
  assert.deepEqual(told(of(null, null, 4), value), [null, ""]);
});

test("lifetimes are told as Python tells them, storages that take over others among them", () => {
  const numbers = new Numbers(new Formulas([]), new Map());
  const stories = cases("stories");
  assert.ok(stories.some(({ story }) => story.merges.length > 3));
  for (const { story, peak, layer, alive } of stories) {
    const found = told(story, numbers);
    assert.deepEqual([found?.peak, found?.alive], [peak, alive]);
    assert.equal(found === null || found.at < 0 ? null : found.moments[found.at]?.layer, layer);
  }
});

test("lifetimes are told as one counts them step by step", () => {
  const draw = random(18);
  const numbers = new Numbers(new Formulas([]), new Map());
  for (let round = 0; round < 200; round += 1) {
    const steps = 1 + Math.floor(draw() * 12);
    const large = draw() < 0.2 ? 2 ** 52 : 40;
    const storages = Array.from({ length: 1 + Math.floor(draw() * 15) }, (_, at): [string, Num, number, number] => {
      const made = Math.floor(draw() * (steps + 1)) - 1;
      return [`s${at}`, Math.floor(draw() * large), made, Math.min(steps, Math.max(0, made) + Math.floor(draw() * steps))];
    });
    const inner = Array.from({ length: steps }, () => Math.floor(draw() * large * 0.3));
    const story: Story = { storages, inner, layers: inner.map((_, at) => `layer${at}`), merges: [] };
    const found = told(story, numbers);
    const alive = (step: number): bigint => storages.reduce((sum, [, bytes, made, last]) => sum + (made <= step && step <= last ? BigInt(bytes as number) : 0n), 0n);
    let most = alive(-1);
    for (let step = 0; step < steps; step += 1) {
      const now = alive(step) + BigInt(inner[step] ?? 0);
      assert.equal(BigInt(found?.moments[step]?.bytes ?? -1), now);
      if (now > most) most = now;
    }
    assert.equal(BigInt(found?.peak ?? -1), most);
  }
});

test("the sizes of the file are accepted, and no size is that is not a whole number", () => {
  for (const { page } of networks) {
    const judge = new Judge(page, new Formulas(page.formulas));
    const own = new Map<string, Whole>(page.fields.map((field) => [field.symbol, field.value]));
    assert.equal(judge.refusal(own), null, page.name);
    for (const field of page.fields) {
      for (const size of [0, -1, 1.5, Number.NaN, 1e12]) {
        assert.equal(judge.refusal(new Map(own).set(field.symbol, size))?.field, field, `${page.name}: ${field.name} = ${size}`);
      }
    }
  }
});

test("each relation holds as Python's does", () => {
  const numbers = new Numbers(new Formulas(["H", "W"]), new Map<string, Whole>([["H", 2n ** 70n], ["W", 0]]));
  const check = (relation: "==" | ">=" | "%" | "broadcast", left: Num, right: Num): boolean => holds({ layer: "", reason: "", relation, left, right }, numbers);
  assert.deepEqual([check("==", 3, 3), check("==", 3, 4), check("==", [0], [0]), check("==", [0], 4)], [true, false, true, false]);
  assert.deepEqual([check(">=", 3, 3), check(">=", 2, 3), check(">=", [0], 3), check(">=", 3, [0])], [true, false, true, false]);
  assert.deepEqual([check("%", 6, 3), check("%", 7, 3), check("%", [0], 1024), check("%", [0], 3)], [true, false, true, false]);
  assert.deepEqual([check("broadcast", 1, 5), check("broadcast", 5, 1), check("broadcast", 4, 5), check("broadcast", 5, 5)], [true, true, false, true]);
  assert.deepEqual([check("==", null, 5), check("%", 5, null)], [true, true]);
});

