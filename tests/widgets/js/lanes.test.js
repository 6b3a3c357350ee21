import assert from "node:assert/strict";
import test from "node:test";
import { lagLine, ms, round, ticks } from "../../../dashboard/views/inspector/scale.js";

const MOST = [500, 501, 729, 1639, 9_000, 61_000, 450_900, 3_600_000, 20_000_000];

test("an axis is short, begins at nought, and ends at or after the longest lane", () => {
  for (const most of MOST) {
    const scale = ticks(most);
    assert.equal(scale[0], 0);
    assert.ok(scale.length <= 8, `${most}: ${scale}`);
    assert.ok(scale.at(-1) >= most && scale.at(-2) < most, `${most}: ${scale}`);
    assert.equal(new Set(scale.map((tick, i) => tick - (scale[i - 1] ?? -scale[1]))).size, 1);
  }
});

test("each step is a round number with its unit", () => {
  assert.deepEqual(ticks(729).map(round), ["0", "250 ms", "500 ms", "750 ms"]);
  assert.deepEqual(ticks(1639).map(round), ["0", "500 ms", "1 s", "1.5 s", "2 s"]);
  assert.deepEqual(ticks(450_900).map(round), ["0", "2 min", "4 min", "6 min", "8 min"]);
  for (const tick of MOST.flatMap(ticks).filter(Boolean)) assert.match(round(tick), /^\d{1,3}(\.5)? (ms|s|min)$/);
});

test("milliseconds are said as finely as they matter", () => {
  assert.deepEqual([0, 9.94, 10, 999.6, 9999.4, 9999.5].map(ms), ["0.0 ms", "9.9 ms", "10 ms", "1000 ms", "9999 ms", "10.0 s"]);
});

test("the lag's drawing ends at the newest second and always holds the goal", () => {
  assert.deepEqual(lagLine([0, 10]), { points: "118.5,39 119.5,20.5", limit: 2 });
  assert.equal(lagLine([40]).limit, 20.5);
  assert.equal(lagLine([40]).points, "119.5,2");
  assert.equal(lagLine([]).points, "");
});
