import assert from "node:assert/strict";
import { test } from "node:test";
import type { Box } from "../src/data.js";
import { Numbers } from "../src/data.js";
import { Graph } from "../src/draw.js";
import { MOST_IN_A_GROUP, openAtFirst, type Placed, type Scene, scene, tree } from "../src/scene.js";
import { cases, random } from "./cases.js";

type Edges = readonly { readonly source: number; readonly target: number }[];

const ROOM = 0.01; // pixels that sums of fractions may be wrong by

/** All that is wrong with a picture: what overlaps, leaves its group, is missing or there twice. */
function faults(all: readonly Placed[], edges: Edges, open: ReadonlySet<number>, found: Scene): string[] {
  const wrong: string[] = [];
  const nodes = new Map(found.nodes.map((node) => [node.placed, node]));
  if (nodes.size !== found.nodes.length) wrong.push("a box is there twice");
  const shown = (one: Placed): boolean => {
    for (let at = one.parent; at !== null; at = at.parent) if (!open.has(at.number)) return false;
    return true;
  };
  const gaps = found.gaps.reduce((sum, gap) => sum + gap.count, 0);
  if (nodes.size + gaps !== all.filter(shown).length && gaps === 0) wrong.push("a box is missing, or is there that should not be");
  const groups = new Map<Placed | null, Placed[]>();
  for (const one of nodes.keys()) groups.set(one.parent, [...(groups.get(one.parent) ?? []), one]);
  for (const [group, inside] of groups) {
    const around = group === null ? { x: 0, y: 0, width: found.width, height: found.height } : nodes.get(group);
    const boxes = inside.map((one) => nodes.get(one)).sort((a, b) => (a?.y ?? 0) - (b?.y ?? 0));
    for (const [at, box] of boxes.entries()) {
      if (!box || !around) {
        wrong.push("a box stands in a group that is not there");
        continue;
      }
      if (!(box.width > 0 && box.height > 0 && Number.isFinite(box.x + box.y))) wrong.push(`${box.placed.number} has no place`);
      if (box.x < around.x - ROOM || box.y < around.y - ROOM || box.x + box.width > around.x + around.width + ROOM || box.y + box.height > around.y + around.height + ROOM)
        wrong.push(`${box.placed.number} leaves its group`);
      for (let next = at + 1; next < boxes.length; next += 1) {
        const other = boxes[next];
        if (!other || other.y >= box.y + box.height - ROOM) break;
        if (other.x < box.x + box.width - ROOM && box.x < other.x + other.width - ROOM) wrong.push(`${box.placed.number} and ${other.placed.number} overlap`);
      }
    }
  }
  if (gaps) return wrong; // which edges there are is then another question
  const wanted = new Set<string>();
  const by = new Map(all.filter((one) => one.box.row !== null).map((one) => [one.box.row, one]));
  for (const { source, target } of edges) {
    const chain = (row: number): Placed[] => {
      const found: Placed[] = [];
      for (let at = by.get(row) ?? null; at !== null; at = at.parent) found.unshift(at);
      return found.filter(shown);
    };
    const [from, to] = [chain(source), chain(target)];
    while (from.length && to.length && from[0] === to[0]) {
      from.shift();
      to.shift();
    }
    if (!from.length || !to.length) continue;
    wanted.add(`${from[0]?.number}>${to[0]?.number}`);
    for (const one of from.slice(1)) wanted.add(`${one.number}>border`);
    for (const one of to.slice(1)) wanted.add(`border>${one.number}`);
  }
  const drawn = found.paths.map((path) => `${path.source?.number ?? "border"}>${path.target?.number ?? "border"}`);
  const twice = drawn.filter((one, at) => drawn.indexOf(one) !== at);
  if (twice.length) wrong.push(`drawn twice: ${twice.slice(0, 3).join(" ")}`);
  const missing = [...wanted].filter((one) => !drawn.includes(one));
  if (missing.length) wrong.push(`not drawn: ${missing.slice(0, 3).join(" ")}`);
  const more = drawn.filter((one) => !wanted.has(one));
  if (more.length) wrong.push(`drawn without need: ${more.slice(0, 3).join(" ")}`);
  for (const path of found.paths) {
    if (path.points.length < 2 || path.points.some((point) => !Number.isFinite(point.x + point.y))) wrong.push("a path leads nowhere");
    for (const [placed, point] of [[path.source, path.points[0]], [path.target, path.points.at(-1)]] as const) {
      const node = placed === null ? undefined : nodes.get(placed);
      if (!node || !point) continue;
      if (point.x < node.x - 1 || point.x > node.x + node.width + 1 || point.y < node.y - 1 || point.y > node.y + node.height + 1)
        wrong.push(`a path does not begin or end at box ${node.placed.number}`);
    }
  }
  return wrong;
}

/** A tree of boxes with edges as a network has them: mostly from one layer to the next, at times from further back. */
function drawn(draw: () => number, layers: number): { boxes: Box[]; edges: Edges } {
  let row = 0;
  const inside = (count: number, depth: number): Box[] => {
    const boxes: Box[] = [];
    let left = count;
    while (left > 0) {
      const many = Math.min(left, 1 + Math.floor(draw() * 9));
      left -= many;
      if (depth < 4 && many > 1 && draw() < 0.6) boxes.push({ name: `g${depth}`, title: "", kind: "block", folded: draw() < 0.5, row: null, boxes: inside(many, depth + 1) });
      else for (let at = 0; at < many; at += 1) boxes.push({ name: `l${row}`, title: "Conv2D", kind: "layer", folded: false, row: row++, boxes: [] });
    }
    return boxes;
  };
  const boxes = inside(layers, 0);
  const edges: { source: number; target: number }[] = [];
  // Modules of a program are called in any order: groups of them read one another.
  const apart = draw() < 0.3;
  const place = (): number => Math.floor(draw() * row);
  if (apart) for (let at = 0; at < row; at += 1) edges.push({ source: place(), target: place() });
  for (let target = 1; target < row; target += 1) {
    if (draw() < 0.93) edges.push({ source: target - 1, target });
    while (draw() < 0.2) edges.push({ source: Math.floor(draw() * target), target });
  }
  return { boxes, edges: edges.filter((edge) => edge.source !== edge.target) };
}

test("in random pictures nothing overlaps, leaves its group, or is drawn twice", () => {
  const draw = random(16);
  for (let round = 0; round < 150; round += 1) {
    const { boxes, edges } = drawn(draw, 1 + Math.floor(draw() * 60));
    const all = tree(boxes);
    const closed = draw();
    const open = new Set(all.filter((one) => one.inside.length && draw() > closed).map((one) => one.number));
    const found = scene(all, edges, open, (one) => ({ width: 60 + (one.number % 7) * 30, height: 30 + (one.number % 3) * 20, label: (one.number % 5) * 40 }));
    assert.deepEqual(faults(all, edges, open, found), [], `round ${round}`);
  }
});

test("in pictures of networks neither: as they are first shown, all closed, and all open", () => {
  for (const { page } of cases("networks")) {
    const graph = new Graph(page);
    const numbers = new Numbers(graph.formulas, new Map(page.fields.map((field) => [field.symbol, field.value])));
    const groups = graph.all.filter((one) => one.inside.length);
    for (const open of [openAtFirst(graph.all), new Set<number>(), new Set(groups.map((one) => one.number))]) {
      assert.deepEqual(faults(graph.all, page.edges, open, graph.scene(open, numbers)), [], `${page.name}, ${open.size} of ${groups.length} open`);
    }
  }
});

test("what stands below a box stays in the group around it", () => {
  for (const { page } of cases("networks")) {
    const graph = new Graph(page);
    const numbers = new Numbers(graph.formulas, new Map(page.fields.map((field) => [field.symbol, field.value])));
    const found = graph.scene(new Set(graph.all.filter((one) => one.inside.length).map((one) => one.number)), numbers);
    const nodes = new Map(found.nodes.map((node) => [node.placed, node]));
    for (const { placed, x, width } of found.nodes) {
      const around = placed.parent === null ? undefined : nodes.get(placed.parent);
      const border = around === undefined ? found.width : around.x + around.width;
      const end = x + width / 2 + graph.size(placed, numbers).label;
      assert.ok(end <= border + ROOM, `${page.name}: the text of ${placed.box.name} ends ${end - border} pixels behind its group`);
    }
  }
});

test("a group of too many boxes shows where it begins and ends, and counts the others", () => {
  const boxes = Array.from({ length: 5_000 }, (_, row): Box => ({ name: `l${row}`, title: "ReLU", kind: "layer", folded: false, row, boxes: [] }));
  const edges = boxes.slice(1).map((_, source) => ({ source, target: source + 1 }));
  const all = tree(boxes);
  const found = scene(all, edges, new Set(), () => ({ width: 100, height: 30, label: 0 }));
  assert.deepEqual(faults(all, edges, new Set(), found), []);
  assert.equal(found.gaps.length, 1);
  assert.equal(found.nodes.length + (found.gaps[0]?.count ?? 0), 5_000);
  assert.ok(found.nodes.length <= MOST_IN_A_GROUP);
  assert.ok(found.nodes.some((node) => node.placed.box.row === 4_999));
});
