/** The sizes that can be chosen: a number field each, what refuses them, and the nearest that would do. */

import { useState } from "preact/hooks";
import type { Data } from "./data.js";
import { Prose } from "./detail.js";
import type { Refusal } from "./legal.js";

interface Props {
  readonly data: Data;
  readonly texts: ReadonlyMap<string, string>;
  readonly refusal: Refusal | null;
  readonly set: (symbol: string, text: string) => void;
  readonly reset: () => void;
  readonly named: (layer: string) => void;
}

export function Fields({ data, texts, refusal, set, reset, named }: Props) {
  const [copied, setCopied] = useState(false);
  const changed = data.fields.some((field) => texts.get(field.symbol) !== String(field.value));
  return (
    <form class="fields" onSubmit={(event) => event.preventDefault()} aria-label="Sizes">
      {data.fields.map((field) => {
        const refused = refusal?.field === field;
        return (
          <label key={field.symbol} title={field.what}>
            <span class="label">{field.name}</span>
            <input type="number" inputMode="numeric" min={1} step={1} name={field.name} value={texts.get(field.symbol)}
              aria-invalid={refused} aria-describedby={refused ? "refusal" : undefined}
              onInput={(event) => set(field.symbol, event.currentTarget.value)} />
          </label>
        );
      })}
      {changed && (
        <button type="button" onClick={reset}>
          Reset
        </button>
      )}
      {changed && (
        <button type="button"
          onClick={() => {
            void navigator.clipboard?.writeText(location.href).then(() => setCopied(true));
          }}>
          {copied ? "Copied" : "Copy link"}
        </button>
      )}
      <div id="refusal" class="refusal" role="status">
        {refusal && (
          <>
            <span>
              {refusal.field.name} = {texts.get(refusal.field.symbol) || "nothing"} is not accepted
              {refusal.layer !== null && (
                <>
                  {" by "}
                  <button type="button" class="link" onClick={() => named(refusal.layer ?? "")}>
                    {refusal.layer}
                  </button>
                </>
              )}
              : <Prose text={refusal.reason} />.{refusal.layer !== null && refusal.field.condition && (
                <>
                  {" "}
                  What is accepted: <code>{refusal.field.condition}</code>.
                </>
              )}
            </span>{" "}
            {refusal.near.length > 0 && "Nearest: "}
            {refusal.near.map((size) => (
              <button type="button" key={size} onClick={() => set(refusal.field.symbol, String(size))}>
                {size}
              </button>
            ))}
          </>
        )}
      </div>
    </form>
  );
}
