import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";

globalThis.crypto ??= webcrypto; // Node.js 18 has it only here

const at = (path) => import(`../../../dashboard/views/replay/js/${path}.js`);
const words = await at("words");
const rows = await import("../../../dashboard/views/js/rows.js");
const axis = await at("axis");
const { captions, fitted } = await at("player");
const { frameAfter, lastDeed } = await at("compare");
const { gathering } = await at("exporter");
const { headOf, latencyFacts, shotsOf, usageFacts } = await at("details");

const step = (given) => ({ lane: "actions", label: "", state: "done", point: null, end: given.begin, ...given });

test("a clock shows hours when there are any, and tenths when all is less than a minute", () => {
  assert.equal(words.clock(0, 59), "0:00.0");
  assert.equal(words.clock(7.29, 59), "0:07.2");
  assert.equal(words.clock(59.99, 60), "0:59");
  assert.equal(words.clock(3599), "59:59");
  assert.equal(words.clock(3600), "1:00:00");
  assert.equal(words.clock(-3), "0:00");
});

test("a duration has the unit that fits it", () => {
  const said = [null, 0.0004, 0.999, 1, 89.94, 90, 5399, 5400].map(words.span);
  assert.deepEqual(said, ["–", "0 ms", "999 ms", "1.0 s", "89.9 s", "2 min", "90 min", "1.5 h"]);
});

test("the last at or before a value is found, and none before the first", () => {
  const list = [{ t: 1 }, { t: 2 }, { t: 2 }, { t: 5 }];
  const found = [0.9, 1, 2, 4.9, 5, 99].map((value) => words.lastAt(list, value, "t"));
  assert.deepEqual(found, [-1, 0, 2, 2, 3, 3]);
  assert.equal(words.lastAt([], 1, "t"), -1);
});

test("data is spread over lines, but coordinates are not", () => {
  assert.equal(words.spread({ at: [300, 200] }), '{\n  "at": [300, 200]\n}');
  const nested = words.spread([[1, 2], { a: [] }]);
  assert.equal(nested, '[\n  [1, 2],\n  {\n    "a": []\n  }\n]');
});

test("a trial is called by its arm, task and number", () => {
  assert.equal(words.nameOf("trial/words-0123/b--write-list--000"), "b · write-list · 000");
  assert.equal(words.nameOf("session/abc"), "abc");
});

test("of a long list only what is in sight exists, and a little beyond it", () => {
  const list = { room: 300, height: 30, count: 1000 };
  assert.deepEqual(rows.existing({ ...list, top: 0 }, 8), { first: 0, count: 26 });
  assert.deepEqual(rows.existing({ ...list, top: 3000 }, 8), { first: 92, count: 26 });
  assert.deepEqual(rows.existing({ ...list, top: 29_700 }, 8), { first: 982, count: 18 });
  assert.deepEqual(rows.existing({ ...list, top: 0, count: 3 }, 8), { first: 0, count: 3 });
  assert.equal(rows.existing({ ...list, top: 9000, count: 3 }, 8).count, 0);
});

test("a row comes into sight by as little scrolling as need be", () => {
  const list = { top: 300, room: 300, height: 30 };
  assert.equal(rows.broughtIntoSight(list, 9), 270);
  assert.equal(rows.broughtIntoSight(list, 10), 300);
  assert.equal(rows.broughtIntoSight(list, 19), 300);
  assert.equal(rows.broughtIntoSight(list, 20), 330);
});

test("keys lead from row to row and never beyond the list", () => {
  const list = { current: 5, count: 8, room: 90, height: 30 };
  const keys = ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"];
  assert.deepEqual(keys.map((key) => rows.rowAfter(key, list)), [6, 4, 7, 3, 0, 7]);
  assert.equal(rows.rowAfter("ArrowDown", { ...list, current: 7 }), 7);
  assert.equal(rows.rowAfter("ArrowUp", { ...list, current: -1 }), 0);
  assert.equal(rows.rowAfter("a", list), null);
  assert.equal(rows.rowAfter("toString", { ...list, count: 0 }), null);
});

test("a stretch stays within the session and is never too narrow", () => {
  assert.deepEqual(axis.stretch(-5, 5, 100), { from: 0, to: 10 });
  assert.deepEqual(axis.stretch(95, 105, 100), { from: 90, to: 100 });
  assert.deepEqual(axis.stretch(50, 50, 100), { from: 50, to: 50.5 });
  assert.deepEqual(axis.stretch(-9, 999, 100), { from: 0, to: 100 });
  assert.deepEqual(axis.stretch(0, 0, 0), { from: 0, to: 0.001 });
});

test("the stretch follows the time only when it leaves it", () => {
  const shown = { from: 20, to: 40 };
  assert.equal(axis.following(shown, 20, 100), shown);
  assert.equal(axis.following(shown, 40, 100), shown);
  assert.deepEqual(axis.following(shown, 41, 100), { from: 36, to: 56 });
  assert.deepEqual(axis.following(shown, 2, 100), { from: 0, to: 20 });
});

test("the wheel zooms around the pointer, and moves sideways", () => {
  const shown = { from: 20, to: 40 };
  const near = axis.wheeled(shown, { x: 0, y: -400, time: 25 }, 100);
  assert.ok(near.to - near.from < 12);
  assert.ok(Math.abs((25 - near.from) / (near.to - near.from) - 0.25) < 1e-9);
  assert.deepEqual(axis.wheeled(shown, { x: 80, y: 0, time: 25 }, 100), { from: 22, to: 42 });
});

test("pixels and seconds are each other's inverse", () => {
  const { x, time } = axis.scaleOf(500, { from: 10, to: 20 });
  assert.equal(x(10), axis.LEFT);
  assert.equal(x(20), 500 - axis.RIGHT);
  assert.ok(Math.abs(time(x(13)) - 13) < 1e-9);
  assert.equal(time(0), 10);
  assert.equal(time(999), 20);
});

test("bars out of sight are not drawn, short ones are seen", () => {
  const lanes = ["heard", "actions"];
  const steps = [
    step({ begin: 0, end: 1 }),
    step({ begin: 12, end: 12 }),
    step({ begin: 13, end: 15, lane: "heard" }),
    step({ begin: 14, lane: "cost" }),
    step({ begin: 50, end: 60 }),
  ];
  const drawn = axis.bars(steps, lanes, 500, { from: 10, to: 20 });
  assert.deepEqual(drawn.map((bar) => steps.indexOf(bar.step)), [1, 2]);
  assert.equal(drawn[0].width, 3);
  assert.deepEqual(drawn.map((bar) => bar.top), [axis.ROW + 5, 5]);
});

test("what was spent adds up to all of it, in tokens where nothing was paid", () => {
  const cost = (begin, dollars, tokens) => step({ lane: "cost", begin, dollars, tokens });
  const paid = axis.spent([cost(1, 1, 50), step({ begin: 2 }), cost(3, 3, 50)]);
  assert.deepEqual(paid, [
    { time: 1, before: 0, after: 0.25 },
    { time: 3, before: 0.25, after: 1 },
  ]);
  assert.equal(axis.spent([cost(1, 0, 10), cost(3, 0, 10)])[0].after, 0.5);
  assert.deepEqual(axis.spent([cost(1, 0, 0)]), []);
});

test("the pointer finds the step in its lane, and one that is near", () => {
  const steps = [step({ begin: 1, end: 3 }), step({ begin: 2, end: 9, lane: "model" }), step({ begin: 5, end: 5 })];
  const found = (time, lane = "actions") => steps.indexOf(axis.stepAt(steps, { time, lane }, 0.2));
  assert.deepEqual([0.7, 0.9, 2.5, 3.1, 4, 4.9, 5.1, 6].map((time) => found(time)), [-1, 0, 0, 0, -1, 2, 2, -1]);
  assert.equal(found(6, "model"), 1);
  assert.equal(found(6, "said"), -1);
});

test("below the picture stands who spoke last, and what was done since the person spoke", () => {
  const steps = [
    step({ begin: 0, lane: "heard", label: "write" }),
    step({ begin: 2, end: 3, label: "Click", point: [3, 4] }),
    step({ begin: 5, lane: "said", label: "Done" }),
    step({ begin: 8, lane: "heard", label: "more" }),
    step({ begin: 9, label: "Type", state: "failed" }),
  ];
  const told = (time) => captions({ steps }, time);
  assert.deepEqual(told(1), { heard: "You: write", done: "", bad: false, point: null });
  assert.deepEqual(told(3.9), { heard: "You: write", done: "Click", bad: false, point: [3, 4] });
  assert.equal(told(4).point, null);
  assert.deepEqual(told(6), { heard: "Sayso: Done", done: "Click", bad: false, point: null });
  assert.equal(told(8.5).done, "");
  assert.equal(told(9).bad, true);
});

test("a picture fills its room but is not blown up", () => {
  assert.deepEqual(fitted({ width: 640, height: 400 }, { width: 320, height: 999 }), { width: 320, height: 200 });
  assert.deepEqual(fitted({ width: 640, height: 400 }, { width: 9999, height: 9999 }), { width: 800, height: 500 });
});

test("beside a deed stands the picture after it, beside nothing that of the last one", () => {
  const deed = (seq) => ({ seq, label: `${seq}`, what: "action" });
  const pairs = [
    { a: deed(1), b: null },
    { a: null, b: deed(2) },
  ];
  assert.equal(lastDeed(pairs, "a", 1).seq, 1);
  assert.equal(lastDeed(pairs, "b", 0), null);
  const frames = [{ seq: 0 }, { seq: 4 }, { seq: 8 }];
  const timeline = { frames, steps: [{ seq: 2, frame: 2 }, { seq: 3, frame: -1 }] };
  assert.equal(frameAfter(timeline, deed(2)), frames[2]);
  assert.equal(frameAfter(timeline, deed(3)), frames[0]);
  assert.equal(frameAfter(timeline, deed(7)), frames[1]);
  assert.equal(frameAfter(timeline, null), frames[0]);
});

test("the exports' menu says how far they are, then how many there are and failed", () => {
  const job = (given) => ({ running: false, share: 0, error: "", ...given });
  assert.equal(gathering([job({ running: true, share: 0.5 }), job({ running: true }), job({})]), "Making… 25 %");
  assert.equal(gathering([job({}), job({ error: "No." })]), "Downloads (1 failed)");
  assert.equal(gathering([job({}), job({})]), "Downloads (2)");
});

test("a step's head leaves out what is not worth saying", () => {
  const head = headOf({ began: 0 }, step({ at: 0, begin: 0, seconds: 0.0001 }));
  assert.match(head, /^Actions · [^·]+$/);
  assert.match(headOf({ began: 0 }, step({ at: 0, begin: 0, seconds: 2, state: "skipped" })), / · 2\.0 s · not run$/);
});

test("pictures of a step are those that there are; an action that changed nothing shows both", () => {
  const indices = (given) => shotsOf(step({ begin: 0, ...given })).map(({ index }) => index);
  assert.deepEqual(indices({ before: 1, frame: 2 }), [1, 2]);
  assert.deepEqual(indices({ before: -1, frame: 0 }), [0]);
  assert.deepEqual(indices({ before: 1, frame: 1 }), [1, 1]);
  assert.deepEqual(indices({ before: 1, frame: 1, lane: "said" }), []);
});

test("usage counts cached input with what was sent; latency has each measured lane", () => {
  const usage = { input_tokens: 10, cache_read_input_tokens: 1000, cache_creation_input_tokens: 5, output_tokens: 7, dollars: 0.01 };
  assert.deepEqual(usageFacts(usage).map(([, value]) => value), ["1,015", "1,000", "7", "$0.0100"]);
  const latency = { first_output: 0.5, total: null, retries: 2, waited: 3, measured: { first_token: 1200 } };
  assert.deepEqual(latencyFacts(latency).map(([, value]) => value), ["500 ms", "–", "2, waited 3.0 s", "1.2 s"]);
});
