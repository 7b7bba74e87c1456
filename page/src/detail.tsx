/** The layer that is chosen: its shapes, its weights, and how each of its numbers comes about, with the numbers put in. */

import { MARKS } from "./changes.js";
import type { Data, Mark, Num, Row, Step } from "./data.js";
import type { Numbers } from "./data.js";
import { clipped, type Graph } from "./draw.js";
import type { Placed } from "./scene.js";
import { count, exact, memory, shapeText } from "./text.js";

interface Props {
  readonly graph: Graph;
  readonly numbers: Numbers;
  readonly chosen: Placed | null;
  readonly named: (layer: string) => void;
  readonly symbolic: boolean;
  readonly setSymbolic: (symbolic: boolean) => void;
  readonly reveal: (row: number) => void;
}

export function Detail({ graph, numbers, chosen, named, symbolic, setSymbolic, reveal }: Props) {
  if (chosen === null) return <p>Choose a layer in the graph or in the table: its arithmetic is shown here.</p>;
  const { data } = graph;
  const row = chosen.box.row === null ? undefined : data.rows[chosen.box.row];
  if (row === undefined) return <Group graph={graph} numbers={numbers} group={chosen} reveal={reveal} />;
  const explained = row.explained === null ? undefined : data.explained[row.explained];
  const text = (place: number): string => data.texts[place] ?? "";
  const settings = explained?.settings.map(([name, value]) => `${text(name)}: ${text(value)}`).join(", ");
  return (
    <article>
      <h2>
        {clipped(row.name, 80)} <span class="soft">({clipped(row.type, 40)})</span>
      </h2>
      {data.changes !== null && chosen.box.row !== null && data.changes.marks[chosen.box.row] !== undefined && (
        <p class={`change ${data.changes.marks[chosen.box.row] ?? ""}`}>
          {[MARKS[data.changes.marks[chosen.box.row] as Mark], ...(data.changes.details[chosen.box.row] ?? [])].join("; ")}
        </p>
      )}
      {explained && (
        <p>
          <Prose text={text(explained.what)} />
        </p>
      )}
      <p class="flow">
        {explained ? `${explained.inputs.map((shape) => shapeText(numbers.shape(shape))).join(", ") || "input"} → ` : ""}
        {row.outputs.map((output) => shapeText(numbers.shape(output.shape))).join(", ") || "?"}
        <span class="soft"> {[...new Set(row.outputs.map((output) => output.dtype))].join(", ")}</span>
      </p>
      {settings && <p class="soft">{settings}</p>}
      {explained && text(explained.note) && (
        <p>
          <Prose text={text(explained.note)} />
        </p>
      )}
      {row.status !== "exact" && (
        <p class="soft">{row.status === "unknown" ? "What this layer does is not known." : "Numbers here rest on shapes that the file claims."}</p>
      )}
      {row.field && <p class="soft">Receptive field: {row.field}</p>}
      {row.weights.length > 0 && (
        <table>
          <caption>Weights</caption>
          <tbody>
            {row.weights.map((weight, at) => (
              <tr key={at}>
                <th scope="row">{clipped(weight.name, 60)}</th>
                <td>({weight.shape === null ? "?" : weight.shape.map((dim) => exact(numbers.of(dim))).join(", ")})</td>
                <td class="soft">{weight.trainable === false ? "not trained" : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {explained === undefined ? (
        <Plain row={row} numbers={numbers} />
      ) : (
        <>
          {explained.like && (
            <p class="soft">
              As in{" "}
              <button type="button" class="link" onClick={() => named(explained.like)}>
                {clipped(explained.like, 60)}
              </button>
              .
            </p>
          )}
          <label class="choice">
            <input type="checkbox" checked={symbolic} onChange={(event) => setSymbolic(event.currentTarget.checked)} /> Show formulas in the sizes that
            can be chosen
          </label>
          <dl class="steps">
            {explained.steps.map((step, at) => (
              <Arithmetic key={at} data={data} step={step} numbers={numbers} symbolic={symbolic} />
            ))}
          </dl>
        </>
      )}
    </article>
  );
}

function Arithmetic({ data, step, numbers, symbolic }: { readonly data: Data; readonly step: Step; readonly numbers: Numbers; readonly symbolic: boolean }) {
  const text = (place: number | null): string => (place === null ? "" : (data.texts[place] ?? ""));
  const unit = text(step.unit);
  const value = step.value === "all" ? null : numbers.of(step.value);
  const shown = step.value === "all" ? "all of the input" : exact(value);
  const put = symbolic ? text(step.numbers) : withNumbers(step, numbers, text);
  const formula = text(step.formula);
  const own = symbolic && Array.isArray(step.value) ? (data.formulas[(step.value as readonly [number])[0]] ?? shown) : shown;
  const parts = [formula, put].filter((part) => part && part !== shown.replaceAll(",", "") && part !== own);
  return (
    <div>
      <dt>{text(step.measure)}</dt>
      <dd>
        {parts.length > 0 && <code>{[...new Set(parts)].join(" = ")} = </code>}
        <strong>{own}</strong> {unit === "bytes" ? (symbolic ? "bytes" : `bytes${Number(value) >= 1024 ? ` (${memory(value)})` : ""}`) : ""}
        {text(step.why) && (
          <p class="why">
            <Prose text={text(step.why)} />
          </p>
        )}
      </dd>
    </div>
  );
}

/** Text of the documentation: what stands between backticks is code. */
export function Prose({ text }: { readonly text: string }) {
  return <>{text.split("`").map((part, at) => (at % 2 ? <code key={at}>{part}</code> : part))}</>;
}

const WORD = /[\p{L}_][\p{L}\p{N}_]*/gu;

/** The formula of a step with the numbers put in that its names have at the sizes that are chosen. */
function withNumbers(step: Step, numbers: Numbers, text: (place: number | null) => string): string {
  const symbols = new Map(step.symbols.map(([name, value]) => [text(name), numbers.of(value)]));
  const formula = text(step.formula);
  if (formula && [...formula.matchAll(WORD)].every(([word]) => symbols.has(word) || FUNCTIONS.has(word))) {
    return formula.replace(WORD, (word) => (FUNCTIONS.has(word) ? word : String(symbols.get(word) ?? "?")));
  }
  return text(step.numbers).replace(WORD, (word) => {
    const value = numbers.values.get(word);
    return value === undefined ? word : String(value);
  });
}

const FUNCTIONS = new Set(["floor", "ceil", "max", "min", "round", "log2", "sqrt"]);

function Plain({ row, numbers }: { readonly row: Row; readonly numbers: Numbers }) {
  const items: [string, Num, (value: ReturnType<Numbers["of"]>) => string][] = [
    ["parameters", row.params, exact],
    ["MACs", row.macs, exact],
    ["FLOPs", row.flops, exact],
    ["weight memory", row.weights_memory, memory],
    ["output memory", row.output_memory, memory],
    ["saved for backward", row.saved_memory, memory],
  ];
  return (
    <dl class="steps">
      {items.map(([name, number, written]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <strong>{written(numbers.of(number))}</strong>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** More layers of a group than these are only counted. */
const LISTED = 200;

function Group({ graph, numbers, group, reveal }: { readonly graph: Graph; readonly numbers: Numbers; readonly group: Placed; readonly reveal: (row: number) => void }) {
  const { data } = graph;
  return (
    <article>
      <h2>
        {clipped(group.box.name, 80)} <span class="soft">({clipped(group.box.title, 60)})</span>
      </h2>
      <p>
        {group.rows.length.toLocaleString("en")} layer{group.rows.length === 1 ? "" : "s"} with{" "}
        {exact(graph.number(group, numbers, "params"))} parameters, {count(graph.number(group, numbers, "macs"))} MACs per sample and{" "}
        {memory(graph.number(group, numbers, "output_memory"))} of outputs.
      </p>
      <ul>
        {group.rows.slice(0, LISTED).map((row) => (
          <li key={row}>
            <button type="button" class="link" onClick={() => reveal(row)}>
              {clipped(data.rows[row]?.name ?? "", 60)}
            </button>{" "}
            <span class="soft">{clipped(data.rows[row]?.type ?? "", 40)}</span>
          </li>
        ))}
      </ul>
      {group.rows.length > LISTED && <p>… and {(group.rows.length - LISTED).toLocaleString("en")} more.</p>}
    </article>
  );
}
