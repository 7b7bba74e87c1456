/** What is different between two models: numbers, layers, legal sizes, weights. */

import type { Data, Mark } from "./data.js";
import { clipped } from "./draw.js";

const ORDER: readonly Mark[] = ["added", "removed", "changed", "affected", "renamed"];

/** The marks in words. */
export const MARKS: Record<Mark, string> = {
  added: "added",
  removed: "removed",
  changed: "changed",
  affected: "with other shapes or numbers because of that",
  renamed: "renamed",
};

export function Changes({ data, reveal }: { readonly data: Data; readonly reveal: (row: number) => void }) {
  const { changes } = data;
  if (changes === null) return null;
  const rows = Object.entries(changes.marks).map(([row, mark]) => [Number(row), mark] as const);
  return (
    <>
      <table class="two">
        <thead>
          <tr>
            <td />
            {changes.names.map((name, at) => (
              <th scope="col" class="right" key={at}>
                {clipped(name, 40)}
              </th>
            ))}
            <th scope="col" class="right">
              change
            </th>
          </tr>
        </thead>
        <tbody>
          {changes.totals.map(([title, before, after, change]) => (
            <tr key={title}>
              <th scope="row">{title}</th>
              <td class="right">{before}</td>
              <td class="right">{after}</td>
              <td class="right">{change}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="soft">{changes.notes}</p>
      <h2>Layers</h2>
      <p>{changes.layers}</p>
      {ORDER.map((mark) => {
        const some = rows.filter(([, one]) => one === mark);
        return some.length === 0 ? null : (
          <section key={mark}>
            <h3 class={`change ${mark}`}>
              {some.length.toLocaleString("en")} {MARKS[mark]}
            </h3>
            <ul>
              {some.map(([row]) => (
                <li key={row}>
                  <button type="button" class="link" onClick={() => reveal(row)}>
                    {clipped(data.rows[row]?.name ?? "", 60)}
                  </button>{" "}
                  <span class="soft">{clipped(data.rows[row]?.type ?? "", 40)}</span>
                  {changes.details[row] !== undefined && <div>{changes.details[row]?.join("; ")}</div>}
                </li>
              ))}
            </ul>
          </section>
        );
      })}
      {changes.sizes.length > 0 && (
        <>
          <h2>Legal sizes</h2>
          <ul>
            {changes.sizes.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </>
      )}
      <h2>Weights</h2>
      <ul>
        {changes.weights.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </>
  );
}
