/** The page: reads its data out of the document, keeps what is chosen, and puts the parts together. */

import { render } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Changes } from "./changes.js";
import { Findings } from "./findings.js";
import { Fields } from "./fields.js";
import { Canvas } from "./canvas.js";
import type { Data } from "./data.js";
import { Numbers } from "./data.js";
import { Detail } from "./detail.js";
import { Graph, type Measure } from "./draw.js";
import type { Whole } from "./formula.js";
import { Judge } from "./legal.js";
import { Memory } from "./memory.js";
import { told } from "./peak.js";
import { openAtFirst, type Placed } from "./scene.js";
import { Shares } from "./shares.js";
import { Source } from "./source.js";
import { Table } from "./table.js";
import { Totals } from "./totals.js";

const TABS = ["Changes", "Layer", "Table", "Memory", "Shares", "Findings", "Source"] as const;
type Tab = (typeof TABS)[number];

/** What a link keeps: sizes by the name of their field, and the layer that is chosen. */
function read(hash: string): Map<string, string> {
  return new Map(new URLSearchParams(hash.replace(/^#/, "")));
}

function App({ data }: { readonly data: Data }) {
  const graph = useMemo(() => new Graph(data), [data]);
  const judge = useMemo(() => new Judge(data, graph.formulas), [data, graph]);
  const kept = useMemo(() => read(location.hash), []);
  const [texts, setTexts] = useState<ReadonlyMap<string, string>>(
    () => new Map(data.fields.map((field) => [field.symbol, kept.get(field.name) ?? String(field.value)])),
  );
  const [open, setOpen] = useState<ReadonlySet<number>>(() => openAtFirst(graph.all));
  const [chosen, setChosen] = useState<Placed | null>(() => {
    const row = data.rows.findIndex((one) => one.name === kept.get("layer"));
    return graph.all.find((one) => one.box.row === row && row >= 0) ?? null;
  });
  const [tab, setTab] = useState<Tab>(chosen ? "Layer" : data.changes ? "Changes" : "Table");
  const [measure, setMeasure] = useState<Measure>("params");
  const [symbolic, setSymbolic] = useState(false);

  const asked = useMemo(() => new Map<string, Whole>([...texts].map(([symbol, text]) => [symbol, whole(text)])), [texts]);
  const lately = useRef<string | null>(null); // the symbol that was typed last
  const refusal = useMemo(() => judge.refusal(asked, lately.current), [judge, asked]);
  // Refused sizes change no number: those of the last accepted ones stay, and are marked.
  const accepted = useRef<ReadonlyMap<string, Whole>>(new Map(data.fields.map((field) => [field.symbol, field.value])));
  if (refusal === null) accepted.current = asked;
  const values = accepted.current;
  const numbers = useMemo(() => new Numbers(graph.formulas, values), [graph, values]);
  const story = useMemo(() => (data.story === null ? null : told(data.story, numbers)), [data, numbers]);

  useEffect(() => {
    const link = new URLSearchParams();
    for (const field of data.fields) {
      const text = texts.get(field.symbol) ?? "";
      if (text !== String(field.value)) link.set(field.name, text);
    }
    if (chosen?.box.row != null) link.set("layer", data.rows[chosen.box.row]?.name ?? "");
    const hash = link.toString();
    if (hash !== location.hash.slice(1)) history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }, [data, texts, chosen]);

  const set = useCallback((symbol: string, text: string) => {
    lately.current = symbol;
    setTexts((before) => new Map(before).set(symbol, text));
  }, []);
  const choose = useCallback((placed: Placed | null, show = true) => {
    setChosen(placed);
    if (placed !== null && show) setTab("Layer");
  }, []);

  /** Chooses a layer, and opens the groups around it. */
  const reveal = useCallback(
    (row: number, show = true) => {
      const placed = graph.all.find((one) => one.box.row === row);
      if (placed === undefined) return;
      setOpen((before) => {
        const now = new Set(before);
        for (let at = placed.parent; at !== null; at = at.parent) now.add(at.number);
        return now.size === before.size ? before : now;
      });
      choose(placed, show);
    },
    [graph, choose],
  );
  const named = useCallback((name: string) => reveal(data.rows.findIndex((row) => row.name === name)), [data, reveal]);

  const toggle = useCallback((placed: Placed) => {
    setOpen((before) => {
      const now = new Set(before);
      if (!now.delete(placed.number)) now.add(placed.number);
      return now;
    });
  }, []);
  const fold = useCallback(
    (all: boolean) => setOpen(all ? new Set(graph.all.filter((one) => one.inside.length).map((one) => one.number)) : new Set()),
    [graph],
  );

  const tabs = TABS.filter((one) => (one !== "Changes" || data.changes !== null) && (one !== "Source" || data.source !== null) && (one !== "Findings" || data.findings.length > 0));
  return (
    <>
      <header>
        <div class="title">
          <h1>{data.changes === null ? data.name : data.changes.names.join(" → ")}</h1>
          <p>
            {data.path} <span class="soft">· {data.format} · {data.dtype} · cnnsum {data.version}</span>
          </p>
        </div>
        <Fields data={data} texts={texts} refusal={refusal} set={set}
          reset={() => setTexts(new Map(data.fields.map((field) => [field.symbol, String(field.value)])))} named={named} />
      </header>
      <Totals data={data} numbers={numbers} story={story} stale={refusal !== null} />
      <main>
        <section class="picture" aria-label="Graph">
          <Canvas graph={graph} numbers={numbers} open={open} chosen={chosen} measure={measure} setMeasure={setMeasure}
            choose={choose} toggle={toggle} fold={fold} reveal={reveal} />
        </section>
        <section class="side" aria-label="Details">
          <div role="tablist" aria-label="Details" onKeyDown={(event) => arrow(event, tabs, tab, setTab)}>
            {tabs.map((one) => (
              <button type="button" role="tab" id={`tab-${one}`} aria-selected={one === tab} aria-controls="panel" key={one}
                tabIndex={one === tab ? 0 : -1} onClick={() => setTab(one)}>
                {one}
                {one === "Findings" ? <span class="number">{data.findings.length}</span> : null}
              </button>
            ))}
          </div>
          <div role="tabpanel" id="panel" aria-labelledby={`tab-${tab}`} tabIndex={0} class={refusal === null ? "" : "stale"}>
            {tab === "Changes" && <Changes data={data} reveal={reveal} />}
            {tab === "Layer" && <Detail graph={graph} numbers={numbers} chosen={chosen} named={named} symbolic={symbolic} setSymbolic={setSymbolic} reveal={reveal} />}
            {tab === "Table" && <Table data={data} numbers={numbers} chosen={chosen?.box.row ?? null} choose={(row) => reveal(row)} />}
            {tab === "Memory" && <Memory data={data} numbers={numbers} story={story} named={named} />}
            {tab === "Shares" && <Shares graph={graph} numbers={numbers} choose={(placed) => (placed.box.row === null ? choose(placed) : reveal(placed.box.row))} />}
            {tab === "Findings" && <Findings data={data} reveal={reveal} />}
            {tab === "Source" && <Source data={data} chosen={chosen} reveal={reveal} />}
          </div>
        </section>
      </main>
      {data.notes.length > 0 && (
        <footer>
          {data.notes.map((note) => (
            <p key={note}>{note}</p>
          ))}
        </footer>
      )}
    </>
  );
}

/** The whole number that a text says; what it is not is 0, which no size may be. */
function whole(text: string): number {
  return /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : 0;
}

function arrow(event: KeyboardEvent, tabs: readonly Tab[], tab: Tab, set: (tab: Tab) => void): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (!step) return;
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length] as Tab;
  set(next);
  document.getElementById(`tab-${next}`)?.focus();
  event.preventDefault();
}

const text = document.getElementById("data")?.textContent ?? "";
const root = document.getElementById("page");
if (root !== null) {
  root.textContent = "";
  render(<App data={JSON.parse(text) as Data} />, root);
}
