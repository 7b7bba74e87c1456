/**
 * Where everything stands in the picture: the boxes that are open or closed, laid out level by level with dagre.
 *
 * A group that is open is laid out by itself, as large as what is in it needs, and stands as one box in the group
 * around it. So an edge into an open group ends at its border, and goes on from there to the layers inside that read it.
 * Knows boxes and their sizes; nothing of numbers, documents or SVG.
 */

import dagre from "@dagrejs/dagre";
import type { Box, Kind } from "./data.js";

/** A box with its place in the tree. `number`: its place among all, parents first. */
export interface Placed {
  readonly number: number;
  readonly box: Box;
  readonly parent: Placed | null;
  readonly inside: readonly Placed[];
  /** The rows of all layers in it. */
  readonly rows: readonly number[];
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What a box takes: its own size when it is closed, and how far the text below it reaches to the right of its middle. */
export interface Room extends Size {
  readonly label: number;
}

export interface Node extends Size {
  readonly placed: Placed;
  /** The left upper corner. */
  readonly x: number;
  readonly y: number;
  readonly open: boolean;
  readonly depth: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Path {
  readonly points: readonly Point[];
  /** The boxes at its ends; null at the border of the group that it is drawn in. */
  readonly source: Placed | null;
  readonly target: Placed | null;
}

/** What stands for boxes of a group that has too many to be drawn. */
export interface Gap extends Size {
  readonly x: number;
  readonly y: number;
  readonly count: number;
}

export interface Scene extends Size {
  readonly nodes: readonly Node[];
  readonly paths: readonly Path[];
  readonly gaps: readonly Gap[];
}

/** Boxes of one group that are drawn at most; those in the middle of more are left out, and counted. */
export const MOST_IN_A_GROUP = 400;

/** Beyond so many boxes in a group ranks are found by the quicker way. */
const MANY = 150;

const PADDING = 14;
const HEAD = 26;
const BETWEEN = 28;
const RANKS = 38;

/** All boxes, numbered parents first, each with the rows in it. */
export function tree(boxes: readonly Box[]): Placed[] {
  const all: Placed[] = [];
  const within = (inside: readonly Box[], parent: Placed | null): Placed[] =>
    inside.map((box) => {
      const own: { -readonly [key in keyof Placed]: Placed[key] } = { number: all.length, box, parent, inside: [], rows: [] };
      all.push(own);
      own.inside = within(box.boxes, own);
      own.rows = box.row === null ? own.inside.flatMap((one) => one.rows) : [box.row];
      return own;
    });
  within(boxes, null);
  return all;
}

/** The boxes that are open unless somebody chose otherwise. */
export function openAtFirst(all: readonly Placed[]): Set<number> {
  return new Set(all.filter((one) => one.inside.length > 0 && !one.box.folded).map((one) => one.number));
}

const isLayer = (kind: Kind): boolean => kind === "layer" || kind === "input";

interface Level {
  /** Edges between the boxes of a group, by the number of the source and then of the target; -1 is the border. */
  readonly edges: Map<number, Set<number>>;
}

const BORDER = -1;

/** Lays out the picture. `size` says how large a box is when it is closed. */
export function scene(
  all: readonly Placed[],
  edges: readonly { readonly source: number; readonly target: number }[],
  open: ReadonlySet<number>,
  size: (placed: Placed) => Room,
): Scene {
  const levels = levelsOf(all, edges, open);
  const top = all.filter((one) => one.parent === null);
  const found = arrange(top, BORDER, 0, levels, open, size);
  const margin = PADDING;
  const nodes: Node[] = [];
  const paths: Path[] = [];
  const gaps: Gap[] = [];
  place(found, margin, margin, nodes, paths, gaps);
  return { nodes, paths, gaps, width: found.width + 2 * margin, height: found.height + 2 * margin };
}

/** For each open group, and the picture itself, the edges between the boxes in it. */
function levelsOf(
  all: readonly Placed[],
  edges: readonly { readonly source: number; readonly target: number }[],
  open: ReadonlySet<number>,
): Map<number, Level> {
  const chains = new Map<number, Placed[]>(); // by row: the visible box that it is in, and the open groups around it, outermost first
  for (const one of all) {
    if (one.box.row === null) continue;
    const chain: Placed[] = [];
    for (let at: Placed | null = one; at !== null; at = at.parent) chain.unshift(at);
    const closed = chain.findIndex((part) => part.inside.length > 0 && !open.has(part.number));
    chains.set(one.box.row, closed < 0 ? chain : chain.slice(0, closed + 1));
  }
  const levels = new Map<number, Level>();
  const add = (group: number, source: number, target: number): void => {
    let level = levels.get(group);
    if (level === undefined) levels.set(group, (level = { edges: new Map() }));
    const targets = level.edges.get(source);
    if (targets === undefined) level.edges.set(source, new Set([target]));
    else targets.add(target);
  };
  for (const { source, target } of edges) {
    const from = chains.get(source);
    const to = chains.get(target);
    if (from === undefined || to === undefined) continue;
    let shared = 0;
    while (shared < from.length && shared < to.length && from[shared] === to[shared]) shared += 1;
    const start = from[shared];
    const end = to[shared];
    if (start === undefined || end === undefined) continue; // within one closed group
    add(start.parent?.number ?? BORDER, start.number, end.number);
    for (let at = shared + 1; at < from.length; at += 1) add(number(from, at - 1), number(from, at), BORDER);
    for (let at = shared + 1; at < to.length; at += 1) add(number(to, at - 1), BORDER, number(to, at));
  }
  return levels;
}

function number(chain: readonly Placed[], at: number): number {
  return chain[at]?.number ?? BORDER;
}

interface Arranged extends Size {
  readonly boxes: readonly (Point & Room & { readonly placed: Placed; readonly inner: Arranged | null })[];
  readonly paths: readonly Path[];
  readonly gaps: readonly Gap[];
  readonly depth: number;
}

function arrange(
  boxes: readonly Placed[],
  group: number,
  depth: number,
  levels: ReadonlyMap<number, Level>,
  open: ReadonlySet<number>,
  size: (placed: Placed) => Room,
): Arranged {
  const most = MOST_IN_A_GROUP;
  const left = boxes.length > most ? boxes.length - most + 1 : 0;
  const shown = left ? [...boxes.slice(0, most / 2), ...boxes.slice(boxes.length - most / 2 + 1)] : boxes;
  const inner = new Map<number, Arranged>();
  const sizes = new Map<number, Room>();
  for (const one of shown) {
    if (open.has(one.number)) {
      const found = arrange(one.inside, one.number, depth + 1, levels, open, size);
      inner.set(one.number, found);
      const own = size(one);
      sizes.set(one.number, {
        width: Math.max(found.width + 2 * PADDING, own.width),
        height: found.height + HEAD + PADDING,
        label: own.label,
      });
    } else sizes.set(one.number, size(one));
  }
  const numbers = new Map(shown.map((one) => [one.number, one]));
  const gap = left ? -2 : BORDER;
  const graph = new dagre.graphlib.Graph({ multigraph: false, compound: false });
  graph.setGraph({
    rankdir: "TB",
    nodesep: BETWEEN,
    edgesep: 14,
    ranksep: RANKS,
    marginx: 0,
    marginy: 0,
    ranker: shown.length > MANY ? "longest-path" : "network-simplex",
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const one of shown) {
    const { width, height } = sizes.get(one.number) as Room;
    graph.setNode(String(one.number), { width, height });
  }
  if (left) graph.setNode("gap", { width: 120, height: 24 });
  const name = (at: number, end: "in" | "out"): string => {
    if (at === BORDER) return end;
    return numbers.has(at) ? String(at) : gap === BORDER ? end : "gap";
  };
  const seen = new Set<string>();
  for (const [source, targets] of levels.get(group)?.edges ?? []) {
    for (const target of targets) {
      const from = name(source, "in");
      const to = name(target, "out");
      if (from === to || seen.has(`${from} ${to}`) || (from === "in" && to === "out")) continue;
      seen.add(`${from} ${to}`);
      for (const end of [from, to]) if (!graph.hasNode(end)) graph.setNode(end, { width: 1, height: 1 });
      graph.setEdge(from, to, {});
    }
  }
  dagre.layout(graph);
  const label = graph.graph() as Partial<Size>;
  const found = shown.map((placed) => {
    const node = graph.node(String(placed.number)) as unknown as Point & Size;
    const own = sizes.get(placed.number) as Room;
    return { ...own, x: node.x - own.width / 2, y: node.y - own.height / 2, placed, inner: inner.get(placed.number) ?? null };
  });
  const paths: Path[] = graph.edges().map((edge) => ({
    points: (graph.edge(edge) as unknown as { points: Point[] }).points,
    source: numbers.get(Number(edge.v)) ?? null,
    target: numbers.get(Number(edge.w)) ?? null,
  }));
  const gaps: Gap[] = [];
  if (left) {
    const node = graph.node("gap") as unknown as Point & Size;
    gaps.push({ x: node.x - node.width / 2, y: node.y - node.height / 2, width: node.width, height: node.height, count: left });
  }
  return framed({ boxes: found, paths, gaps, depth, width: label.width ?? 0, height: label.height ?? 0 });
}

/** The same with everything inside its frame: dagre counts the boxes only; edges may go around them, and a text beside one further right. */
function framed(found: Arranged): Arranged {
  const points = found.paths.flatMap((path) => path.points);
  const left = points.reduce((least, point) => Math.min(least, point.x), 0);
  const top = points.reduce((least, point) => Math.min(least, point.y), 0);
  const texts = found.boxes.map((box) => box.x + box.width / 2 + box.label);
  const right = [...points.map((point) => point.x), ...texts].reduce((most, x) => Math.max(most, x), found.width);
  const bottom = points.reduce((most, point) => Math.max(most, point.y), found.height);
  if (left === 0 && top === 0 && right === found.width && bottom === found.height) return found;
  const moved = <T extends Point>(one: T): T => ({ ...one, x: one.x - left, y: one.y - top });
  return {
    depth: found.depth,
    boxes: found.boxes.map(moved),
    gaps: found.gaps.map(moved),
    paths: found.paths.map((path) => ({ ...path, points: path.points.map(moved) })),
    width: right - left,
    height: bottom - top,
  };
}

function place(found: Arranged, x: number, y: number, nodes: Node[], paths: Path[], gaps: Gap[]): void {
  const moved = (point: Point): Point => ({ x: point.x + x, y: point.y + y });
  for (const path of found.paths) paths.push({ ...path, points: path.points.map(moved) });
  for (const gap of found.gaps) gaps.push({ ...gap, ...moved(gap) });
  for (const box of found.boxes) {
    const at = moved(box);
    nodes.push({
      placed: box.placed,
      ...at,
      width: box.width,
      height: box.height,
      open: box.inner !== null,
      depth: found.depth,
    });
    if (box.inner !== null) {
      place(box.inner, at.x + (box.width - box.inner.width) / 2, at.y + HEAD, nodes, paths, gaps);
    }
  }
}

/** Whether a box is a layer and not a group. */
export function isLeaf(placed: Placed): boolean {
  return isLayer(placed.box.kind);
}
