import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { beforeEach, test } from "node:test";

globalThis.crypto ??= webcrypto; // Node.js 18 has it only here

/** @type {Map<number, (now: number) => void>} */
const frames = new Map();
let last = 0;
globalThis.requestAnimationFrame = (run) => {
  last += 1;
  frames.set(last, run);
  return last;
};
globalThis.cancelAnimationFrame = (id) => frames.delete(id);

const { captions, fitted, Player } = await import("../../../dashboard/views/replay/js/player.js");

/** Draws the next picture of the page at that time. @param {number} now ms */
function draw(now) {
  const due = [...frames.values()];
  frames.clear();
  for (const run of due) run(now);
}

const TIMELINE = { seconds: 10, frames: [{ time: 0 }, { time: 4 }, { time: 8 }], steps: [] };

/** A replay that stands at a time, and each time that it told. */
function shown(t, time = 0) {
  t.mock.method(performance, "now", () => 0);
  const told = [];
  const player = new Player((at) => told.push(at));
  player.show("recordings/a", TIMELINE, time);
  return { player, told };
}

beforeEach(() => frames.clear());

test("the picture is the last one before the time, and no time is outside the session", (t) => {
  const { player, told } = shown(t, 3.9);
  assert.equal(player.frame.value.time, 0);
  player.seek(4);
  assert.equal(player.frame.value.time, 4);
  player.seek(99);
  player.seek(-1);
  assert.deepEqual(told, [3.9, 4, 10, 0]);
});

test("it plays as fast as was chosen, stops at the end, and begins anew from there", (t) => {
  const { player } = shown(t);
  player.play(true);
  draw(1000);
  assert.equal(player.time.value, 2);
  player.speed = 4;
  draw(2000);
  assert.equal(player.time.value, 6);
  draw(9000);
  assert.deepEqual([player.time.value, player.playing.value, frames.size], [10, false, 0]);
  player.play(true);
  assert.deepEqual([player.time.value, player.playing.value], [0, true]);
});

test("a pause stays where it is; another session does not play on by itself", (t) => {
  const { player } = shown(t);
  player.play(true);
  draw(1000);
  player.play(false);
  draw(5000);
  assert.deepEqual([player.time.value, player.playing.value], [2, false]);
  player.play(true);
  player.lost.value = true;
  player.show("recordings/b", { ...TIMELINE, seconds: 3 }, 9);
  draw(9000);
  assert.deepEqual([player.time.value, player.playing.value, player.lost.value], [3, false, false]);
});

test("without a session nothing plays", () => {
  const player = new Player(() => {});
  player.play(true);
  assert.deepEqual([player.playing.value, frames.size], [false, 0]);
});

test("below the picture stand the last words and what was done since; a press is marked for a moment", () => {
  const steps = [
    { lane: "heard", begin: 1, end: 1, label: "click it" },
    { lane: "actions", begin: 2, end: 3, label: "left click", state: "done", point: [5, 6] },
    { lane: "heard", begin: 5, end: 5, label: "no" },
    { lane: "actions", begin: 6, end: 7, label: "type", state: "failed", point: null },
    { lane: "said", begin: 8, end: 9, label: "It failed." },
  ];
  const at = (time) => captions({ ...TIMELINE, steps }, time);
  assert.deepEqual(at(0), { heard: "", done: "", bad: false, point: null });
  assert.deepEqual(at(2), { heard: "You: click it", done: "left click", bad: false, point: [5, 6] });
  assert.deepEqual([at(3.9).point, at(4).point], [[5, 6], null]);
  assert.deepEqual(at(5), { heard: "You: no", done: "", bad: false, point: null });
  assert.deepEqual(at(8), { heard: "Sayso: It failed.", done: "type", bad: true, point: null });
});

test("a picture fills its room, whole, and is never blurred", () => {
  assert.deepEqual(fitted({ width: 1000, height: 500 }, { width: 500, height: 500 }), { width: 500, height: 250 });
  assert.deepEqual(fitted({ width: 1000, height: 500 }, { width: 9000, height: 100 }), { width: 200, height: 100 });
  assert.deepEqual(fitted({ width: 100, height: 80 }, { width: 900, height: 900 }), { width: 125, height: 100 });
});
