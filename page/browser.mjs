// A browser that is told what to do line by line, for tests/browser and bench/page.py: JSON on standard input, an answer
// to each line on standard output. Chromium is started once; a page at a time is open in it. What it writes to its
// console, fails with, asks for or opens as a dialog is kept, and told with `noise`. Knows nothing of networks.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const SWITCHES = [
  "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--no-sandbox",
];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: SWITCHES });
let context = null;
let page = null;
let noise = [];

const commands = {
  /** Opens a file; gives the milliseconds until its page was there and drawn, and those of its thread in that time. */
  async open({ file, hash = "", width = 1200, height = 900, dark = false, drawn = "[data-total]" }) {
    await context?.close();
    noise = [];
    // The page's own policy holds: it forbids every script but its own. What the tests run comes by the debugger.
    context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? "dark" : "light" });
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on("console", (message) => noise.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => noise.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => (noise.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
    page.on("popup", () => noise.push("popup"));
    page.on("download", () => noise.push("download"));
    page.on("request", (request) => {
      if (request.url().split("#")[0] !== `file://${encodeURI(file)}`) noise.push(`request: ${request.url().slice(0, 200)}`);
    });
    const session = await context.newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const before = await metrics(session);
    await page.goto(`file://${encodeURI(file)}${hash}`);
    await page.waitForSelector(drawn);
    // Two frames after what was drawn first: what is then asked is answered.
    const opened = await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))));
    const after = await metrics(session);
    await session.detach();
    return { opened, thread: 1000 * (after.TaskDuration - before.TaskDuration) };
  },
  /** The value of a function's body, which may await, with `given` in it. */
  evaluate: ({ body, given }) =>
    page.evaluate(([text, value]) => new (Object.getPrototypeOf(async () => {}).constructor)("given", text)(value), [body, given ?? null]),
  click: ({ selector }) => page.locator(selector).first().click(),
  press: async ({ keys }) => {
    for (const key of keys) await page.keyboard.press(key);
  },
  write: ({ text }) => page.keyboard.type(text),
  look: ({ width, height, dark }) =>
    Promise.all([page.setViewportSize({ width, height }), page.emulateMedia({ colorScheme: dark ? "dark" : "light" })]),
  /** Drags with the mouse; gives the milliseconds that each step took. */
  async drag({ from, to, steps }) {
    const session = await context.newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    await page.mouse.move(...from);
    await page.mouse.down();
    const before = await metrics(session);
    for (let step = 1; step <= steps; step += 1) {
      await page.mouse.move(from[0] + ((to[0] - from[0]) * step) / steps, from[1] + ((to[1] - from[1]) * step) / steps);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    }
    const after = await metrics(session);
    await page.mouse.up();
    await session.detach();
    return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, (1000 * (value - before[name])) / steps]));
  },
  noise: () => noise,
  /** The number of bytes of the page as it is printed. */
  print: async () => (await page.pdf({ format: "A4" })).length,
  /** What axe finds: its rule, what is wrong, and where. */
  async axe() {
    const session = await context.newCDPSession(page);
    const world = await session.send("Page.createIsolatedWorld", { frameId: (await session.send("Page.getFrameTree")).frameTree.frame.id });
    const run = async (expression) => {
      const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
        expression, contextId: world.executionContextId, awaitPromise: true, returnByValue: true,
      });
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    await run(`${AXE};0`);
    const found = await run(
      "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => " +
        "nodes.slice(0, 3).map((node) => `${id}: ${node.failureSummary} ${node.html.slice(0, 160)}`)))",
    );
    await session.detach();
    return found;
  },
  /** Milliseconds of script, style and layout until a frame after `body` was run, once each of `given`. */
  async measure({ body, given }) {
    const session = await context.newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const taken = [];
    for (const one of given) {
      const before = await metrics(session);
      await commands.evaluate({ body, given: one });
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
      const after = await metrics(session);
      taken.push(Object.fromEntries(Object.entries(after).map(([name, value]) => [name, 1000 * (value - before[name])])));
    }
    await session.detach();
    return taken;
  },
};

async function metrics(session) {
  const { metrics: all } = await session.send("Performance.getMetrics");
  const wanted = ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "TaskDuration"];
  return Object.fromEntries(all.filter(({ name }) => wanted.includes(name)).map(({ name, value }) => [name, value]));
}

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[command](given)) ?? null };
  } catch (error) {
    answer = { error: String(error.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
