// Takes the screenshots of docs/pictures: node screenshots.mjs, with cnnsum on the path and Chromium at /usr/bin/chromium
// (or CHROMIUM). They show the U-Net's page at three widths, in light and dark, and are looked at, not compared.
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const root = new URL("..", import.meta.url).pathname;
const page = join(mkdtempSync(join(tmpdir(), "cnnsum-")), "page.html");
const python = process.env.PYTHON ?? "python3";
execFileSync(python, ["-m", "cnnsum", "specs/unet.yaml", "--format", "html", "-o", page], { cwd: root, stdio: "inherit" });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const shots = [
  [1200, 800, async (tab) => {
    await tab.locator("[name=H]").fill("250");
    await tab.locator("[role=tab]", { hasText: "Memory" }).click();
  }],
  [2400, 1300, async (tab) => {
    await tab.locator("[role=tab]", { hasText: "Table" }).click();
    await tab.locator(".rows button.link", { hasText: "bottom.conv2d" }).first().click();
  }],
  [400, 800, async () => {}],
];
for (const [width, height, act] of shots) {
  for (const colorScheme of ["light", "dark"]) {
    const tab = await browser.newPage({ viewport: { width, height }, colorScheme });
    await tab.goto(`file://${page}`);
    await tab.waitForSelector("[data-total]");
    await act(tab);
    await tab.screenshot({ path: join(root, "docs", "pictures", `page_${width}_${colorScheme}.png`) });
    await tab.close();
  }
}
await browser.close();
