/** Numbers, sizes and shapes as people read them, as cnnsum's table writes them. Knows no network. */

import type { Whole } from "./formula.js";

const PREFIXES = ["", "K", "M", "G", "T", "P", "E", "Z", "Y", "R", "Q"];
const BINARY = ["B", ...PREFIXES.slice(1).map((prefix) => `${prefix}iB`)];

/** The exact number, its thousands set apart. */
export function exact(number: Whole | null): string {
  return number === null ? "?" : grouped(String(number));
}

/** Bytes in B, KiB, MiB and so on. */
export function memory(bytes: Whole | null): string {
  return scaled(bytes, 1024, BINARY);
}

/** A count in thousands (K), millions (M) and so on. */
export function count(number: Whole | null): string {
  return scaled(number, 1000, PREFIXES);
}

/** A longer formula tells nothing beside an arrow. */
const MOST_OF_A_FORMULA = 24;

/**
 * A shape as a picture writes it, without its batch axis unless `whole`: 112×112×64. What is a formula, where a size is
 * open, stands apart: 64 × H//2 × (W - 3).
 */
export function shapeText(dims: readonly (Whole | string | null | undefined)[] | null, whole = false): string {
  if (dims === null) return "?";
  const own = dims.length > 1 && !whole ? dims.slice(1) : dims;
  const texts = own.map((dim) => {
    if (typeof dim !== "string") return dim === undefined || dim === null ? "?" : String(dim);
    return dim.length > MOST_OF_A_FORMULA ? "…" : dim.includes(" ") ? `(${dim})` : dim;
  });
  return texts.join(own.some((dim) => typeof dim === "string") ? " × " : "×");
}

function scaled(number: Whole | null, base: number, units: readonly string[]): string {
  if (number === null) return "?";
  const digits = String(number);
  // A quotient by a power of ten is rounded once, as it is read; one by a power of two is exact.
  const over = (power: number): string => fixed(base === 1000 ? Number(`${digits}e-${3 * power}`) : Number(number) / base ** power);
  let power = 0;
  while (power < units.length && Math.abs(Number(over(power))) >= base) power += 1;
  if (power === 0) return `${grouped(digits)} ${units[0] ?? ""}`.trimEnd();
  if (power >= units.length) return `${powerOfTen(digits)} ${units[0] ?? ""}`.trimEnd();
  return `${grouped(over(power))} ${units[power] ?? ""}`;
}

function powerOfTen(digits: string): string {
  const size = digits.replace("-", "");
  const sign = size === digits ? "" : "-";
  const head = fixed(Number(`${size.slice(0, 1)}.${size.slice(1)}`));
  return head === "10.00" ? `${sign}1.00e${size.length}` : `${sign}${head}e${size.length - 1}`;
}

/** Two decimals; what is in the middle between two is rounded to the even one, as Python does. */
function fixed(number: number): string {
  const size = Math.abs(number);
  const middle = Number.isInteger(size * 8) && (size * 8) % 2 === 1;
  const below = Math.floor(size * 100);
  if (!middle || below % 2) return number.toFixed(2);
  return `${number < 0 ? "-" : ""}${(below / 100).toFixed(2)}`;
}

function grouped(text: string): string {
  const [whole = "", rest] = text.split(".");
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return rest === undefined ? apart : `${apart}.${rest}`;
}
