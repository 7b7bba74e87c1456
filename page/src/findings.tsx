/** What `cnnsum check` says of the network, each at its layer. */

import type { Data } from "./data.js";
import { Prose } from "./detail.js";

export function Findings({ data, reveal }: { readonly data: Data; readonly reveal: (row: number) => void }) {
  return (
    <ul class="findings">
      {data.findings.map((found, at) => (
        <li key={at} class={found.severity}>
          <p>
            <strong>
              {found.severity} {found.code}
            </strong>
            {found.line !== null && <span class="soft"> line {found.line}, column {found.column}</span>}
            {found.row !== null && (
              <>
                {" "}
                <button type="button" class="link" onClick={() => reveal(found.row ?? -1)}>
                  {data.rows[found.row]?.name}
                </button>
              </>
            )}
          </p>
          <p>
            <Prose text={found.message} />
          </p>
          {found.help !== null && <p class="help">
              help: <Prose text={found.help} />
            </p>}
        </li>
      ))}
    </ul>
  );
}
