/** The text of the file, its lines linked with the layers that stand on them. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Data } from "./data.js";
import type { Placed } from "./scene.js";

interface Props {
  readonly data: Data;
  readonly chosen: Placed | null;
  readonly reveal: (row: number, show?: boolean) => void;
}

export function Source({ data, chosen, reveal }: Props) {
  const lines = useMemo(() => (data.source ?? "").split(/\r\n|\n|\r/), [data]);
  const layers = useMemo(() => {
    const found = new Map<number, number>();
    data.rows.forEach((row, place) => {
      if (row.line !== null && !found.has(row.line)) found.set(row.line, place);
    });
    return found;
  }, [data]);
  const marks = useMemo(() => new Map(data.findings.filter((one) => one.line !== null).map((one) => [one.line, one])), [data]);
  const line = chosen?.box.row != null ? (data.rows[chosen.box.row]?.line ?? null) : null;
  const here = useRef<HTMLLIElement>(null);
  useEffect(() => here.current?.scrollIntoView({ block: "center" }), [line]);
  return (
    <ol class="source">
      {lines.map((text, at) => {
        const row = layers.get(at + 1);
        const mark = marks.get(at + 1);
        return (
          <li key={at} ref={at + 1 === line ? here : null} class={`${at + 1 === line ? "chosen" : ""}${mark ? ` ${mark.severity}` : ""}`} title={mark?.message}>
            {row === undefined ? (
              <span class="line">{at + 1}</span>
            ) : (
              <button type="button" class="line link" onClick={() => reveal(row, false)} aria-label={`Line ${at + 1}: choose its layer`}>
                {at + 1}
              </button>
            )}
            <code>{text}</code>
          </li>
        );
      })}
    </ol>
  );
}
