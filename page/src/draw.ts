/**
 * The picture as SVG: boxes, edges and what they say, for the page and for `--format svg` alike.
 *
 * Every text goes through `escaped`. Knows what a box says, but nothing of the page around it.
 */

import type { Data, Edge, Mark, Num, Shape } from "./data.js";
import { Formulas, Numbers } from "./data.js";
import type { Values, Whole } from "./formula.js";
import { sum } from "./formula.js";
import { openAtFirst, type Path, type Placed, type Room, type Scene, scene, tree } from "./scene.js";
import { count, shapeText } from "./text.js";

/** What boxes are shaded by. */
export type Measure = "params" | "macs" | "output_memory";

export const MEASURES: readonly Measure[] = ["params", "macs", "output_memory"];

const NAME = 7.7; // mean width of a character of a name, in pixels
const SMALL = 6.5; // and of the lines below it
const LINE = 15;
const MOST_CHARACTERS = 34;

/** The text with what SVG and HTML would take for markup, or could not hold at all, made harmless. */
export function escaped(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}

/** The text, or as much of it as there is room for: its beginning and its end. */
export function clipped(text: string, most = MOST_CHARACTERS): string {
  const characters = [...text.slice(0, 4 * most), ...(text.length > 8 * most ? ["…"] : []), ...text.slice(4 * most).slice(-4 * most)];
  if (characters.length <= most) return characters.join("");
  const tail = Math.floor(most / 3);
  return `${characters.slice(0, most - tail - 1).join("")}…${characters.slice(-tail).join("")}`;
}

/** The graph of a network: its boxes, numbered, and what each of them has to say at some sizes. */
export class Graph {
  readonly all: readonly Placed[];
  readonly formulas: Formulas;
  /** By row: the shapes that leave it. */
  private readonly leaving = new Map<number, Edge[]>();
  /** The rows with errors, and those with lesser findings. */
  readonly wrong = new Map<number, "error" | "warning" | "note">();

  constructor(readonly data: Data) {
    this.all = tree(data.boxes);
    this.formulas = new Formulas(data.formulas);
    for (const edge of data.edges) {
      const known = this.leaving.get(edge.source);
      if (known === undefined) this.leaving.set(edge.source, [edge]);
      else known.push(edge);
    }
    for (const { row, severity } of data.findings) {
      if (row === null) continue;
      const before = this.wrong.get(row);
      if (before === undefined || severity === "error" || before === "note") this.wrong.set(row, severity);
    }
  }

  /** The worst that was found in a box. */
  worst(placed: Placed): "error" | "warning" | "note" | null {
    const found = placed.rows.map((row) => this.wrong.get(row));
    return found.includes("error") ? "error" : found.includes("warning") ? "warning" : found.includes("note") ? "note" : null;
  }

  /** What is different about a box: of a group what all its layers have in common, else that something is. */
  mark(placed: Placed | null): Mark | null {
    const marks = this.data.changes?.marks;
    if (marks === undefined || placed === null) return null;
    const found = new Set(placed.rows.map((row) => marks[row]));
    if (found.size === 1) return [...found][0] ?? null;
    return found.has("changed") || found.has("added") || found.has("removed") ? "changed" : found.has("affected") ? "affected" : "renamed";
  }

  /** A number of a box: of a group the sum over its layers. */
  number(placed: Placed, numbers: Numbers, measure: Measure): Whole | null {
    return sum(placed.rows.map((row) => numbers.of((this.data.rows[row] as Record<Measure, Num> | undefined)?.[measure] ?? null)));
  }

  /** The shapes that a box gives: of a layer its outputs, of a group those that leave it, else its last layer's. */
  shapes(placed: Placed): readonly Shape[] {
    if (placed.box.row !== null) return (this.data.rows[placed.box.row]?.outputs ?? []).map((output) => output.shape);
    const own = new Set(placed.rows);
    const leaving = placed.rows.flatMap((row) => (this.leaving.get(row) ?? []).filter((edge) => !own.has(edge.target)));
    if (leaving.length) return leaving.map((edge) => edge.shape);
    const last = placed.rows.at(-1);
    return last === undefined ? [] : (this.data.rows[last]?.outputs ?? []).map((output) => output.shape);
  }

  /** The shapes as one text, each once. */
  shapesText(placed: Placed, numbers: Numbers): string {
    const texts = [...new Set(this.shapes(placed).map((shape) => shapeText(numbers.shape(shape), this.data.batches)))];
    return texts.length > 2 ? `${texts.slice(0, 2).join(", ")}, …` : texts.join(", ");
  }

  /** The lines in a closed box, the first its name, which is "" where it is not to be said. */
  lines(placed: Placed, numbers: Numbers): readonly string[] {
    const { box } = placed;
    if (box.lines !== undefined) return box.lines;
    const lines = [clipped(box.name), clipped(box.title)];
    const params = this.number(placed, numbers, "params");
    if (params === null) lines.push("? parameters");
    else if (params !== 0) lines.push(`${count(params)} parameter${params === 1 ? "" : "s"}`);
    return lines;
  }

  /** How large a box is when it is closed; that does not follow the sizes that are chosen. */
  size(placed: Placed, numbers: Numbers): Room {
    const [name = "", ...rest] = this.lines(placed, numbers);
    const widest = Math.max(NAME * [...name].length, ...rest.map((line) => SMALL * [...line].length));
    const sign = placed.inside.length ? 44 : 22; // on either side, so that the name stays in the middle
    const label = Math.round(6 + SMALL * [...this.shapesText(placed, numbers)].length);
    return { width: Math.round(Math.max(widest + sign, 96)), height: LINE * Math.max(rest.length + (name ? 1 : 0), 1) + 13, label };
  }

  scene(open: ReadonlySet<number>, numbers: Numbers): Scene {
    return scene(this.all, this.data.edges, open, (placed) => this.size(placed, numbers));
  }
}

/** How dark each box is: the square root of its share of the largest, so that small ones can still be told apart. */
export function shades(graph: Graph, found: Scene, numbers: Numbers, measure: Measure): Map<number, number> {
  const amounts = new Map<number, number>();
  for (const { placed, open } of found.nodes) {
    if (!open) amounts.set(placed.number, Number(graph.number(placed, numbers, measure) ?? 0));
  }
  const most = Math.max(0, ...amounts.values());
  return new Map([...amounts].map(([number, amount]) => [number, most > 0 ? Math.sqrt(Math.max(0, amount) / most) : 0]));
}

/** The picture as the inside of an SVG element. */
export function markup(graph: Graph, found: Scene, numbers: Numbers, measure: Measure): string {
  const shade = shades(graph, found, numbers, measure);
  const parts: string[] = [];
  for (const node of found.nodes) {
    if (!node.open) continue;
    const { placed, x, y, width, height } = node;
    parts.push(
      `<g class="box open ${placed.box.kind}" data-box="${placed.number}"><rect x="${round(x)}" y="${round(y)}" width="${round(width)}" ` +
        `height="${round(height)}" rx="8"/><text class="head" x="${round(x + 24)}" y="${round(y + 17)}">` +
        `${escaped(clipped(placed.box.name, Math.max(8, Math.floor((width - 34) / NAME))))}</text>${toggle(x + 12, y + 13, true)}</g>`,
    );
  }
  for (const path of found.paths) {
    const arrow = path.target === null ? "" : ' marker-end="url(#arrow)"';
    const mark = [graph.mark(path.source), graph.mark(path.target)].find((one) => one === "removed" || one === "added") ?? "";
    const ends = `${path.source === null ? "" : ` data-from="${path.source.number}"`}${path.target === null ? "" : ` data-to="${path.target.number}"`}`;
    parts.push(`<path class="${mark ? `edge ${mark}` : "edge"}"${ends}${arrow} d="${curve(path)}"/>`);
  }
  for (const gap of found.gaps) {
    parts.push(
      `<text class="gap" x="${round(gap.x + gap.width / 2)}" y="${round(gap.y + 16)}">… ${gap.count.toLocaleString("en")} more …</text>`,
    );
  }
  for (const node of found.nodes) {
    const { placed, x, y, width, height, open } = node;
    if (!open) {
      const [name = "", ...rest] = graph.lines(placed, numbers);
      const lines = name ? [name, ...rest] : rest;
      const worst = graph.worst(placed);
      const mark = graph.mark(placed);
      const group = placed.inside.length > 0;
      const text = lines
        .map((line, at) => {
          const top = y + (height - LINE * lines.length) / 2 + LINE * at + 11;
          return `<text class="${at || !name ? "small" : "name"}" x="${round(x + width / 2)}" y="${round(top)}">${escaped(line)}</text>`;
        })
        .join("");
      const behind = group
        ? `<rect class="behind" x="${round(x + 4)}" y="${round(y + 4)}" width="${round(width)}" height="${round(height)}" rx="7"/>`
        : "";
      parts.push(
        `<g class="box closed ${placed.box.kind}${worst ? ` ${worst}` : ""}${mark ? ` ${mark}` : ""}" data-box="${placed.number}">${behind}` +
          `<rect class="paper" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="7"/>` +
          `<rect class="shade" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="7" ` +
          `style="fill-opacity:${(0.5 * (shade.get(placed.number) ?? 0)).toFixed(3)}"/>${text}` +
          `${group ? toggle(x + 12, y + 12, false) : ""}${worst ? flag(x + width, y, worst) : ""}</g>`,
      );
    }
    parts.push(
      `<text class="shape" data-shape="${placed.number}" x="${round(x + width / 2 + 6)}" y="${round(y + height + 13)}">` +
        `${escaped(graph.shapesText(placed, numbers))}</text>`,
    );
  }
  return parts.join("");
}

/** The head of a picture: the tip of its arrows. */
export const ARROW =
  '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="10" markerHeight="10" markerUnits="userSpaceOnUse" orient="auto-start-reverse">' +
  '<path class="tip" d="M0 1 9 5 0 9z"/></marker></defs>';

/** A plus or a minus in a small box: what is closed can be opened, and the other way round. */
function toggle(x: number, y: number, open: boolean): string {
  return (
    `<path class="toggle" d="M${round(x - 5)} ${round(y - 5)}h10v10h-10zM${round(x - 3)} ${round(y)}h6` +
    `${open ? "" : `M${round(x)} ${round(y - 3)}v6`}"/>`
  );
}

function flag(x: number, y: number, worst: string): string {
  return `<g class="flag"><circle cx="${round(x)}" cy="${round(y)}" r="9"/><text x="${round(x)}" y="${round(y + 4)}">${worst === "note" ? "i" : "!"}</text></g>`;
}

/** A path as a smooth curve: straight at its ends, through the middles between its points. */
function curve(path: Path): string {
  const [first, ...rest] = path.points;
  if (first === undefined) return "";
  let text = `M${round(first.x)} ${round(first.y)}`;
  rest.forEach((point, at) => {
    const next = rest[at + 1];
    if (next === undefined) text += `L${round(point.x)} ${round(point.y)}`;
    else text += `Q${round(point.x)} ${round(point.y)} ${round((point.x + next.x) / 2)} ${round((point.y + next.y) / 2)}`;
  });
  return text;
}

function round(number: number): string {
  return String(Math.round(number * 10) / 10);
}

/** What a picture that stands alone has beside its rules: colours, which the page has of its own, and no signs to click on. */
const STYLE =
  "svg{--paper:#fff;--ink:#1c2430;--soft:#5b6675;--line:#8592a3;--group:#f3f6fa;--edge:#c3ccd8;--shade:#2f6fde;--error:#c62828;--warning:#b26a00;--note:#1565c0;--added:#1b7f3b;--removed:#c62828;--changed:#a15c00}" +
  "@media(prefers-color-scheme:dark){svg{--paper:#171c24;--ink:#e6ebf2;--soft:#9aa6b6;--line:#75839a;--group:#1d242f;--edge:#3a4557;--shade:#5b93ff;--error:#ff7a70;--warning:#ffb74d;--note:#7fb4ff;--added:#5bd389;--removed:#ff7a70;--changed:#ffb74d}}.toggle{display:none}";

/** The rules of a picture, alone or on the page, which nests them in its own. */
export const RULES =
  ".ground{fill:var(--paper)}text{fill:var(--ink);font:12px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}" +
  ".name{font-weight:600;text-anchor:middle}.small{font-size:11px;fill:var(--soft);text-anchor:middle}" +
  ".shape,.gap{font-size:11px;fill:var(--soft);paint-order:stroke;stroke:var(--paper);stroke-width:3px}.gap{text-anchor:middle}.head{font-weight:600;fill:var(--soft)}" +
  ".box rect{stroke:var(--line);fill:var(--paper)}.box.open>rect{fill:var(--group);stroke:var(--edge)}" +
  ".box .shade{fill:var(--shade);stroke:none}.box.input .paper{stroke-dasharray:4 3}.behind{opacity:.75}" +
  ".added .paper{stroke:var(--added);stroke-width:2.5}.removed .paper{stroke:var(--removed);stroke-width:2;stroke-dasharray:6 4}" +
  ".changed .paper{stroke:var(--changed);stroke-width:2.5}.affected .paper{stroke:var(--changed);stroke-dasharray:2 3}" +
  ".edge.added{stroke:var(--added)}.edge.removed{stroke:var(--removed);stroke-dasharray:6 4}" +
  ".box.error .paper{stroke:var(--error);stroke-width:2}.edge{fill:none;stroke:var(--line);stroke-width:1.3}.tip{fill:var(--line)}" +
  ".toggle{fill:var(--paper);stroke:var(--soft)}.flag circle{fill:var(--note)}.error .flag circle{fill:var(--error)}.warning .flag circle{fill:var(--warning)}" +
  ".flag text{fill:var(--paper);font-weight:700;text-anchor:middle}";

/** A whole SVG document of the picture as it is first shown, at the sizes of the file; those that it leaves open are formulas. */
export function picture(data: Data): string {
  const graph = new Graph(data);
  const values: Values = new Map(data.fields.map((field) => [field.symbol, field.value]));
  const numbers = new Numbers(graph.formulas, values);
  const found = graph.scene(openAtFirst(graph.all), numbers);
  const [width, height] = [Math.ceil(found.width), Math.ceil(found.height + 20)];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" ` +
    `aria-label="${escaped(clipped(data.name, 60))}"><title>${escaped(clipped(data.name, 200))}</title><style>${STYLE}${RULES}</style>` +
    `<rect class="ground" width="${width}" height="${height}"/>${ARROW}${markup(graph, found, numbers, "params")}</svg>\n`
  );
}
