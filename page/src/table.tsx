/** The rows of the summary as a table that can be sorted and searched. */

import { useMemo, useState } from "preact/hooks";
import type { Data, Num, Row } from "./data.js";
import type { Numbers } from "./data.js";
import { clipped } from "./draw.js";
import { exact, memory, shapeText } from "./text.js";

/** More rows than these are shown when they are asked for. */
const MOST_ROWS = 1_500;

type Key = "params" | "macs" | "output_memory";

const COLUMNS: readonly (readonly [Key, string])[] = [
  ["params", "Parameters"],
  ["macs", "MACs"],
  ["output_memory", "Output memory"],
];

interface Props {
  readonly data: Data;
  readonly numbers: Numbers;
  readonly chosen: number | null;
  readonly choose: (row: number) => void;
}

export function Table({ data, numbers, chosen, choose }: Props) {
  const [by, setBy] = useState<Key | "" | "name">("");
  const [down, setDown] = useState(true);
  const [all, setAll] = useState(false);
  const [wanted, setWanted] = useState("");
  const order = useMemo(() => {
    const lower = wanted.trim().toLowerCase();
    const places = data.rows.map((_, place) => place).filter((place) => !lower || fits(data.rows[place] as Row, lower));
    if (by === "name") places.sort((a, b) => (data.rows[a]?.name ?? "").localeCompare(data.rows[b]?.name ?? ""));
    else if (by) {
      const amount = new Map(places.map((place) => [place, Number(numbers.of((data.rows[place]?.[by] ?? null) as Num) ?? -1)]));
      places.sort((a, b) => (amount.get(a) ?? 0) - (amount.get(b) ?? 0));
    }
    if (by && down) places.reverse();
    return places;
  }, [data, numbers, by, down, wanted]);
  const shown = all ? order : order.slice(0, MOST_ROWS);
  const sort = (key: Key | "name"): void => {
    if (by !== key) {
      setBy(key);
      setDown(key !== "name");
    } else if (down === (key !== "name")) setDown(!down);
    else setBy("");
  };
  const head = (key: Key | "name", title: string) => (
    <th scope="col" class={key === "name" ? "" : "right"} aria-sort={by === key ? (down ? "descending" : "ascending") : "none"}>
      <button type="button" onClick={() => sort(key)}>
        {title}
        <span aria-hidden="true">{by === key ? (down ? " ▼" : " ▲") : ""}</span>
      </button>
    </th>
  );
  return (
    <>
      <label class="search">
        <span class="label">Search</span>
        <input type="search" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} placeholder="name or type" />
      </label>
      <table class="rows">
        <thead>
          <tr>
            {head("name", "Layer (type)")}
            <th scope="col">Output</th>
            {COLUMNS.map(([key, title]) => head(key, title))}
          </tr>
        </thead>
        <tbody>
          {shown.map((place) => {
            const row = data.rows[place] as Row;
            return (
              <tr key={place} class={place === chosen ? "chosen" : ""}>
                <th scope="row">
                  <button type="button" class="link" onClick={() => choose(place)}>
                    {clipped(row.name, 48)}
                  </button>{" "}
                  <span class="soft">({clipped(row.type, 32)})</span>
                </th>
                <td class="shape">{row.outputs.map((output) => shapeText(numbers.shape(output.shape))).join(", ")}</td>
                <td class="right">{exact(numbers.of(row.params))}</td>
                <td class="right">{exact(numbers.of(row.macs))}</td>
                <td class="right">{memory(numbers.of(row.output_memory))}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {order.length === 0 && <p>No layer has that in its name or type.</p>}
      {shown.length < order.length && (
        <button type="button" onClick={() => setAll(true)}>
          Show all {order.length.toLocaleString("en")} rows
        </button>
      )}
    </>
  );
}

function fits(row: Row, lower: string): boolean {
  return row.name.toLowerCase().includes(lower) || row.type.toLowerCase().includes(lower);
}
