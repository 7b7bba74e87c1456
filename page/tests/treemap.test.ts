import assert from "node:assert/strict";
import { test } from "node:test";
import { tiles } from "../src/treemap.js";
import { random } from "./cases.js";

test("areas are as the amounts are, within the rectangle, and overlap nowhere", () => {
  const draw = random(17);
  for (let round = 0; round < 300; round += 1) {
    const amounts = Array.from({ length: 1 + Math.floor(draw() * 60) }, () => (draw() < 0.1 ? 0 : Math.ceil(draw() ** 6 * 1e9)));
    const [width, height] = [50 + draw() * 800, 50 + draw() * 500];
    const found = tiles(amounts, (one) => one, 10, 20, width, height);
    const total = amounts.reduce((sum, one) => sum + one, 0);
    assert.equal(found.length, amounts.filter((one) => one > 0).length);
    for (const [at, tile] of found.entries()) {
      const share = (tile.item / total) * width * height;
      assert.ok(Math.abs(tile.width * tile.height - share) < 1e-6 * width * height, `${tile.width * tile.height}, not ${share}`);
      assert.ok(tile.x >= 10 - 1e-6 && tile.y >= 20 - 1e-6 && tile.x + tile.width <= 10 + width + 1e-6 && tile.y + tile.height <= 20 + height + 1e-6);
      for (const other of found.slice(at + 1)) {
        const [wide, high] = [Math.min(tile.x + tile.width, other.x + other.width) - Math.max(tile.x, other.x), Math.min(tile.y + tile.height, other.y + other.height) - Math.max(tile.y, other.y)];
        assert.ok(wide < 1e-6 || high < 1e-6, `tiles overlap by ${wide} x ${high}`);
      }
    }
  }
});

test("where there is nothing, or no room, there are no tiles", () => {
  assert.deepEqual(tiles([0, 0], (one) => one, 0, 0, 10, 10), []);
  assert.deepEqual(tiles([1], (one) => one, 0, 0, 0, 10), []);
  assert.equal(tiles([5], (one) => one, 0, 0, 4, 2).length, 1);
});
