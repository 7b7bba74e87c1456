/** What draws a picture outside of a browser: `picture(json)`, called by cnnsum/answers/page/engine.py. */

import type { Data } from "./data.js";
import { picture } from "./draw.js";

declare const globalThis: { picture?: (json: string) => string; structuredClone?: (value: unknown) => unknown };

// dagre copies plain objects with it; V8 alone, without a browser or Node.js around it, does not have it.
globalThis.structuredClone ??= copied;

globalThis.picture = (json) => picture(JSON.parse(json) as Data);

function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copied(inner)]));
}
