/**
 * Formulas of the spec language, read and evaluated: whole numbers of any size, `+ - * // % **`, `ceil(a/b)`,
 * `floor(a/b)`, `max`, `min`, and names of symbols. Rounds as Python does. Knows nothing of networks or of the page.
 */

/** A whole number; a `bigint` where a `number` would not hold it exactly. */
export type Whole = number | bigint;

/** Values of symbols. A name that has none makes a formula unknown. */
export type Values = ReadonlyMap<string, Whole>;

type Operator = "+" | "-" | "*" | "//" | "%" | "**" | "ceil" | "max" | "min";

type Tree =
  | { readonly kind: "number"; readonly value: bigint; readonly small: number }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "chain"; readonly first: Tree; readonly rest: readonly Link[] };

/** What is applied next, to all that stands before it: long sums are chains, and no deep trees. */
interface Link {
  readonly operator: Operator;
  readonly right: Tree;
}

/** A text that is not a formula, and the place in it where that shows. */
export class FormulaError extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

/** Thrown where a `number` would not be exact; the formula is then evaluated anew in `bigint`. */
class Inexact extends Error {}

/** Thrown where something is divided by 0, or taken to a power below 0: there is no such whole number. */
class Undefined extends Error {}

const INEXACT = new Inexact();
const UNDEFINED = new Undefined();

/** Powers beyond this are not computed: no formula of a network has them. */
const MOST_POWER = 64n;

/** The deepest nesting that is read: of parentheses, signs and powers. */
const MOST_DEPTH = 1000;

/** A formula that was read once and can be evaluated at many points. */
export class Formula {
  private constructor(private readonly tree: Tree) {}

  /** Reads a formula; throws FormulaError. */
  static read(text: string): Formula {
    return new Formula(new Reader(text).whole());
  }

  /** Its value; null where a symbol has none, or it divides by 0. */
  at(values: Values): Whole | null {
    try {
      return small(this.tree, values);
    } catch (error) {
      if (error === UNDEFINED) return null;
      if (error !== INEXACT) throw error;
    }
    try {
      return shortest(big(this.tree, values));
    } catch (error) {
      if (error === UNDEFINED) return null;
      throw error;
    }
  }
}

/** The same number as a `number` where that is exact. */
export function shortest(value: bigint): Whole {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value;
}

/** The sum of whole numbers; null where one of them is not known. */
export function sum(numbers: Iterable<Whole | null>): Whole | null {
  let total = 0;
  let large = 0n;
  for (const number of numbers) {
    if (number === null) return null;
    if (typeof number === "bigint") large += number;
    else if (Number.isSafeInteger(total + number)) total += number;
    else {
      large += BigInt(total) + BigInt(number);
      total = 0;
    }
  }
  return large === 0n ? total : shortest(large + BigInt(total));
}

/** Whether the first is the larger one. */
export function above(left: Whole, right: Whole): boolean {
  return left > right;
}

function small(tree: Tree, values: Values): number {
  if (tree.kind === "number") {
    if (!Number.isSafeInteger(tree.small)) throw INEXACT;
    return tree.small;
  }
  if (tree.kind === "name") {
    const value = values.get(tree.name);
    if (value === undefined) throw UNDEFINED;
    if (typeof value === "bigint") throw INEXACT;
    return value;
  }
  let value = small(tree.first, values);
  for (const { operator, right } of tree.rest) value = applied(operator, value, small(right, values));
  return value;
}

function applied(operator: Operator, left: number, right: number): number {
  let result: number;
  switch (operator) {
    case "+":
      result = left + right;
      break;
    case "-":
      result = left - right;
      break;
    case "*":
      result = left * right;
      break;
    case "//":
      if (right === 0) throw UNDEFINED;
      // The quotient of two such numbers may round up to the next whole one: the remainder is exact.
      result = (left - modulo(left, right)) / right;
      break;
    case "ceil":
      if (right === 0) throw UNDEFINED;
      result = (left + modulo(-left, right)) / right;
      break;
    case "%":
      if (right === 0) throw UNDEFINED;
      result = modulo(left, right);
      break;
    case "**":
      if (right < 0) throw UNDEFINED;
      result = left ** right;
      break;
    case "max":
      result = Math.max(left, right);
      break;
    case "min":
      result = Math.min(left, right);
      break;
  }
  if (!Number.isSafeInteger(result)) throw INEXACT;
  return result + 0; // not -0
}

/** The remainder with the sign of the divisor, as in Python. */
function modulo(left: number, right: number): number {
  const rest = left % right;
  return rest !== 0 && rest < 0 !== right < 0 ? rest + right : rest;
}

function big(tree: Tree, values: Values): bigint {
  if (tree.kind === "number") return tree.value;
  if (tree.kind === "name") {
    const value = values.get(tree.name);
    if (value === undefined) throw UNDEFINED;
    return BigInt(value);
  }
  let value = big(tree.first, values);
  for (const { operator, right } of tree.rest) value = appliedBig(operator, value, big(right, values));
  return value;
}

function appliedBig(operator: Operator, left: bigint, right: bigint): bigint {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "//":
      return floorOf(left, right);
    case "ceil":
      return -floorOf(-left, right);
    case "%":
      return left - right * floorOf(left, right);
    case "**":
      if (right < 0n || right > MOST_POWER) throw UNDEFINED;
      return left ** right;
    case "max":
      return left > right ? left : right;
    case "min":
      return left < right ? left : right;
  }
}

function floorOf(left: bigint, right: bigint): bigint {
  if (right === 0n) throw UNDEFINED;
  const quotient = left / right;
  return left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient;
}

const TOKEN = /\s*(?:(\d+)|([\p{L}_][\p{L}\p{N}_]*)|(\/\/|\*\*|[-+*/%(),]))/uy;

/** Reads by precedence: `+ -`, then `* // %`, then the sign, then `**`, as in Python. */
class Reader {
  private at = 0;
  private end = 0;
  private number = "";
  private name = "";
  private sign = "";
  private depth = 0;

  constructor(private readonly text: string) {
    this.next();
  }

  whole(): Tree {
    const tree = this.sum();
    if (this.end < this.text.length || this.sign || this.name || this.number) throw this.unexpected("the end");
    return tree;
  }

  private next(): void {
    this.at = this.end;
    this.number = this.name = this.sign = "";
    TOKEN.lastIndex = this.end;
    const found = TOKEN.exec(this.text);
    if (found === null) {
      if (this.text.slice(this.end).trim()) throw this.unexpected("a number, a name or an operator");
      this.at = this.end = this.text.length;
      return;
    }
    [, this.number = "", this.name = "", this.sign = ""] = found;
    this.end = TOKEN.lastIndex;
  }

  private unexpected(wanted: string): FormulaError {
    return new FormulaError(`expected ${wanted} at character ${this.at + 1}`, this.at);
  }

  private expect(sign: string): void {
    if (this.sign !== sign) throw this.unexpected(`\`${sign}\``);
    this.next();
  }

  private sum(): Tree {
    this.deeper();
    const first = this.product();
    const rest: Link[] = [];
    while (this.sign === "+" || this.sign === "-") {
      const operator = this.sign;
      this.next();
      rest.push({ operator, right: this.product() });
    }
    this.depth -= 1;
    return chain(first, rest);
  }

  private product(): Tree {
    const first = this.signed();
    const rest: Link[] = [];
    while (this.sign === "*" || this.sign === "//" || this.sign === "%") {
      const operator = this.sign;
      this.next();
      rest.push({ operator, right: this.signed() });
    }
    return chain(first, rest);
  }

  private signed(): Tree {
    this.deeper();
    const tree = this.negated();
    this.depth -= 1;
    return tree;
  }

  private negated(): Tree {
    if (this.sign !== "-") return this.power();
    this.next();
    return { kind: "chain", first: NOTHING, rest: [{ operator: "-", right: this.signed() }] };
  }

  private power(): Tree {
    const base = this.operand();
    if (this.sign !== "**") return base;
    this.next();
    return { kind: "chain", first: base, rest: [{ operator: "**", right: this.signed() }] };
  }

  private deeper(): void {
    this.depth += 1;
    if (this.depth > MOST_DEPTH) throw this.unexpected("less nesting");
  }

  private operand(): Tree {
    const { number, name } = this;
    if (number) {
      this.next();
      return { kind: "number", value: BigInt(number), small: Number(number) };
    }
    if (name) {
      this.next();
      // The next character was read: a name before a parenthesis is a function.
      return (this.sign as string) === "(" ? this.call(name) : { kind: "name", name };
    }
    this.expect("(");
    const tree = this.sum();
    this.expect(")");
    return tree;
  }

  private call(name: string): Tree {
    if (name === "ceil" || name === "floor") return this.rounded(name);
    if (name !== "max" && name !== "min") throw this.unexpected("one of ceil, floor, max and min before the parenthesis");
    this.next();
    const first = this.sum();
    const rest: Link[] = [];
    while (this.sign === ",") {
      this.next();
      rest.push({ operator: name, right: this.sum() });
    }
    this.expect(")");
    return chain(first, rest);
  }

  /** `ceil(a/b)`: the one place where a fraction may stand. */
  private rounded(name: "ceil" | "floor"): Tree {
    this.next();
    let tree = this.sum();
    if ((this.sign as string) === "/") {
      this.next();
      tree = { kind: "chain", first: tree, rest: [{ operator: name === "ceil" ? "ceil" : "//", right: this.signed() }] };
    }
    this.expect(")");
    return tree;
  }
}

function chain(first: Tree, rest: readonly Link[]): Tree {
  return rest.length ? { kind: "chain", first, rest } : first;
}

const NOTHING: Tree = { kind: "number", value: 0n, small: 0 };
