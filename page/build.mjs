// Bundles the page and the picture into cnnsum/answers/page/assets, which is committed; with --tests, the tests into .build.
// The hash of the sources stands in each asset's first line, so that tests can tell that it is current without node.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync, mkdirSync } from "node:fs";
import { build } from "esbuild";

const here = new URL(".", import.meta.url).pathname;
const shared = {
  bundle: true,
  minify: true,
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
};

/** One hash over everything that decides what is built. */
function stamp() {
  const hash = createHash("sha256");
  const files = ["package.json", "package-lock.json", "build.mjs", ...readdirSync(`${here}src`).map((name) => `src/${name}`)];
  for (const file of files.sort()) hash.update(`${file}\n`).update(readFileSync(here + file));
  return hash.digest("hex").slice(0, 16);
}

if (process.argv.includes("--tests")) {
  const tests = readdirSync(`${here}tests`).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...shared,
    minify: false,
    platform: "node",
    format: "esm",
    packages: "external",
    entryPoints: tests.map((name) => `${here}tests/${name}`),
    outdir: `${here}.build/tests`,
    outExtension: { ".js": ".mjs" },
  });
} else {
  const assets = `${here}../cnnsum/answers/page/assets`;
  mkdirSync(assets, { recursive: true });
  const mark = stamp();
  for (const [entry, name] of [
    ["src/main.tsx", "page.js"],
    ["src/picture.ts", "picture.js"],
    ["src/style.css", "page.css"],
  ]) {
    const { outputFiles } = await build({ ...shared, entryPoints: [here + entry], format: "iife", write: false, outfile: name });
    // Control characters within strings are written as escapes, which are the same to JavaScript: cnnsum lets none out.
    const text = outputFiles[0].text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`);
    writeFileSync(`${assets}/${name}`, `/* built from page/ ${mark}, see page/README.md */\n${text}`);
  }
}
