/** The graph: drawn once for the boxes that are open, moved and enlarged by a transform, chosen by mouse, touch and keys. */

import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Numbers } from "./data.js";
import { ARROW, clipped, type Graph, markup, type Measure, RULES } from "./draw.js";
import type { Node, Placed } from "./scene.js";
import { MeasureChoice } from "./shares.js";

interface Props {
  readonly graph: Graph;
  readonly numbers: Numbers;
  readonly open: ReadonlySet<number>;
  readonly chosen: Placed | null;
  readonly measure: Measure;
  readonly setMeasure: (measure: Measure) => void;
  readonly choose: (placed: Placed | null, show?: boolean) => void;
  readonly toggle: (placed: Placed) => void;
  readonly fold: (all: boolean) => void;
  readonly reveal: (row: number) => void;
}

interface View {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

const LEAST = 0.02;
const MOST = 4;

export function Canvas({ graph, numbers, open, chosen, measure, setMeasure, choose, toggle, fold, reveal }: Props) {
  const frame = useRef<SVGSVGElement>(null);
  const moving = useRef<SVGGElement>(null);
  const view = useRef<View>({ x: 0, y: 0, scale: 1 });
  const fitted = useRef(false);
  const [wanted, setWanted] = useState("");

  // Boxes keep their size and place when numbers change: what is open alone decides where they are.
  const first = useRef(numbers);
  const found = useMemo(() => graph.scene(open, first.current), [graph, open]);
  const inner = useMemo(() => markup(graph, found, numbers, measure), [graph, found, numbers, measure]);
  const nodes = useMemo(() => new Map(found.nodes.map((node) => [node.placed.number, node])), [found]);

  const show = useCallback((next: View) => {
    view.current = next;
    moving.current?.setAttribute("transform", `translate(${next.x} ${next.y}) scale(${next.scale})`);
  }, []);
  const fit = useCallback(() => {
    const box = frame.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return;
    const whole = Math.min(box.width / (found.width + 40), box.height / (found.height + 20));
    // Of a picture that is much too tall to be read, the beginning is shown at a size that can be.
    const scale = Math.min(Math.max(whole, Math.min(0.9, box.width / (found.width + 40))), 1.2);
    show({ scale, x: (box.width - found.width * scale) / 2, y: whole >= scale ? (box.height - found.height * scale) / 2 : 6 });
  }, [found, show]);
  const zoom = useCallback(
    (factor: number, x?: number, y?: number) => {
      const box = frame.current?.getBoundingClientRect();
      if (box === undefined) return;
      const { current } = view;
      const scale = Math.min(MOST, Math.max(LEAST, current.scale * factor));
      const [atX, atY] = [x ?? box.width / 2, y ?? box.height / 2];
      const ratio = scale / current.scale;
      show({ scale, x: atX - (atX - current.x) * ratio, y: atY - (atY - current.y) * ratio });
    },
    [show],
  );
  const into = useCallback(
    (node: Node | undefined) => {
      const box = frame.current?.getBoundingClientRect();
      if (box === undefined || node === undefined) return;
      const { scale, x, y } = view.current;
      const left = node.x * scale + x;
      const top = node.y * scale + y;
      const inside = left >= 0 && top >= 0 && left + node.width * scale <= box.width && top + Math.min(node.height * scale, box.height) <= box.height;
      if (!inside) show({ scale, x: box.width / 2 - (node.x + node.width / 2) * scale, y: box.height / 2 - (node.y + Math.min(node.height, 80) / 2) * scale });
    },
    [show],
  );

  useLayoutEffect(() => {
    if (!fitted.current) {
      fit();
      fitted.current = true;
    }
  }, [fit]);
  // A box that was opened or closed stays under the pointer; a layer that was chosen elsewhere comes into sight.
  const before = useRef(nodes);
  const held = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (before.current === nodes) return;
    const was = held.current === null ? undefined : before.current.get(held.current);
    const now = held.current === null ? undefined : nodes.get(held.current);
    if (was && now) {
      const { scale, x, y } = view.current;
      show({ scale, x: x + (was.x + was.width / 2 - now.x - now.width / 2) * scale, y: y + (was.y - now.y) * scale });
    }
    held.current = null;
    before.current = nodes;
  }, [nodes, show]);
  useLayoutEffect(() => {
    const group = moving.current;
    if (group === null) return;
    for (const one of group.querySelectorAll(".is-chosen, .near")) one.classList.remove("is-chosen", "near");
    if (chosen === null) return;
    group.querySelector(`[data-box="${chosen.number}"]`)?.classList.add("is-chosen");
    for (const edge of group.querySelectorAll(`[data-from="${chosen.number}"], [data-to="${chosen.number}"]`)) edge.classList.add("near");
  }, [chosen, inner]);
  useEffect(() => {
    if (chosen !== null) into(nodes.get(chosen.number));
  }, [chosen, nodes, into]);

  const at = (event: Event): Placed | null => {
    const number = (event.target as Element | null)?.closest("[data-box]")?.getAttribute("data-box");
    return number == null ? null : (graph.all[Number(number)] ?? null);
  };
  const turn = (placed: Placed): void => {
    held.current = placed.number;
    toggle(placed);
  };

  const drag = useRef<Map<number, { x: number; y: number }>>(new Map());
  const moved = useRef(0);
  const down = (event: PointerEvent): void => {
    drag.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (drag.current.size === 1) moved.current = 0;
  };
  const move = (event: PointerEvent): void => {
    const start = drag.current.get(event.pointerId);
    if (start === undefined) return;
    const others = [...drag.current].filter(([id]) => id !== event.pointerId);
    const [x, y] = [event.clientX - start.x, event.clientY - start.y];
    moved.current += Math.abs(x) + Math.abs(y);
    // Clicks go to the box below the pointer as long as nothing holds it.
    if (moved.current > 4) frame.current?.setPointerCapture(event.pointerId);
    const other = others[0]?.[1];
    if (other !== undefined) {
      const far = Math.hypot(start.x - other.x, start.y - other.y);
      const now = Math.hypot(event.clientX - other.x, event.clientY - other.y);
      const box = frame.current?.getBoundingClientRect();
      if (far > 0 && box !== undefined) zoom(now / far, (event.clientX + other.x) / 2 - box.left, (event.clientY + other.y) / 2 - box.top);
    } else if (moved.current > 4) show({ ...view.current, x: view.current.x + x, y: view.current.y + y });
    drag.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
  };
  const up = (event: PointerEvent): void => {
    drag.current.delete(event.pointerId);
  };
  const click = (event: MouseEvent): void => {
    if (moved.current > 4) return;
    const placed = at(event);
    if (placed === null) return;
    const sign = (event.target as Element).closest(".toggle, .head") !== null;
    if (placed.inside.length && (sign || event.detail > 1)) turn(placed);
    else choose(placed);
  };
  useEffect(() => {
    const svg = frame.current;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const box = svg?.getBoundingClientRect();
      if (box === undefined) return;
      if (event.ctrlKey || event.metaKey || !event.shiftKey) zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - box.left, event.clientY - box.top);
      else show({ ...view.current, x: view.current.x - event.deltaY });
    };
    svg?.addEventListener("wheel", wheel, { passive: false });
    return () => svg?.removeEventListener("wheel", wheel);
  }, [zoom, show]);

  const inOrder = useMemo(() => [...found.nodes].sort((a, b) => a.placed.number - b.placed.number), [found]);
  const keys = (event: KeyboardEvent): void => {
    const place = chosen === null ? -1 : inOrder.findIndex((node) => node.placed === chosen);
    const step: Record<string, number> = { ArrowDown: place + 1, ArrowRight: place + 1, ArrowUp: place - 1, ArrowLeft: place - 1, Home: 0, End: inOrder.length - 1 };
    const next = step[event.key];
    if (next !== undefined) choose(inOrder[Math.min(Math.max(next, 0), inOrder.length - 1)]?.placed ?? null);
    else if ((event.key === "Enter" || event.key === " ") && chosen?.inside.length) turn(chosen);
    else if (event.key === "+" || event.key === "=") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
    else if (event.key === "0") fit();
    else if (event.key === "Escape") choose(null);
    else return;
    event.preventDefault();
  };

  const hits = useMemo(() => {
    const lower = wanted.trim().toLowerCase();
    if (!lower) return [];
    return graph.data.rows.flatMap((row, place) => (row.name.toLowerCase().includes(lower) || row.type.toLowerCase().includes(lower) ? [place] : []));
  }, [graph, wanted]);
  const here = chosen?.box.row == null ? -1 : hits.indexOf(chosen.box.row);
  const seek = (event: Event): void => {
    event.preventDefault();
    const row = hits[(here + 1) % Math.max(hits.length, 1)];
    if (row !== undefined) reveal(row);
  };
  const groups = graph.all.some((one) => one.inside.length > 0);
  return (
    <>
      <div class="tools">
        <form onSubmit={seek} role="search">
          <label>
            <span class="label">Find</span>
            <input type="search" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} placeholder="a layer" />
          </label>
          <span class="soft" role="status">
            {wanted.trim() ? `${hits.length.toLocaleString("en")} found` : ""}
          </span>
        </form>
        <MeasureChoice label="Shade" measure={measure} choose={setMeasure} />
        <span class="buttons">
          {groups && (
            <>
              <button type="button" onClick={() => fold(false)}>
                Close all
              </button>
              <button type="button" onClick={() => fold(true)}>
                Open all
              </button>
            </>
          )}
          <button type="button" onClick={() => zoom(1.25)} aria-label="Enlarge">
            +
          </button>
          <button type="button" onClick={() => zoom(0.8)} aria-label="Reduce">
            −
          </button>
          <button type="button" onClick={fit}>
            Fit
          </button>
        </span>
      </div>
      {/* In SVG the names of attributes have no capitals: with one the keyboard would not get there. */}
      <svg ref={frame} class="canvas" role="application" tabindex={0} aria-roledescription="graph"
        aria-label={`The graph of ${clipped(graph.data.name, 80)}, ${graph.data.rows.length.toLocaleString("en")} layers. Arrow keys go from box to box, Enter opens and closes a group, plus and minus enlarge and reduce.`}
        onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} onClick={click} onKeyDown={keys}>
        <style>{`.canvas{${RULES}}`}</style>
        <g dangerouslySetInnerHTML={{ __html: ARROW }} />
        <g ref={moving} dangerouslySetInnerHTML={{ __html: inner }} />
      </svg>
      <p class="hidden" role="status">
        {chosen === null ? "" : `${clipped(chosen.box.name, 80)}, ${clipped(chosen.box.title, 60)}${chosen.inside.length ? (open.has(chosen.number) ? ", open group" : ", closed group") : ""}`}
      </p>
    </>
  );
}
