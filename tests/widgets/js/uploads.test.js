import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { stoppedClock } from "./clock.js";

globalThis.crypto ??= webcrypto; // Node.js 18 has it only here

const { Unreachable } = await import("../../../dashboard/views/files/client.js");
const { Uploads } = await import("../../../dashboard/views/files/uploads.js");
const { link } = await import("../../../dashboard/js/link/link.js");

const WHERE = { folder: "", source: "button", attach: false };

/** Uploads whose sending is ended by hand. */
function stage(names = ["a.txt"]) {
  const puts = [];
  const client = {
    put: (file, how, told, signal) =>
      new Promise((resolve, reject) => {
        puts.push({ file, how, told, signal, resolve, reject });
        signal.addEventListener("abort", () => reject(new Error("aborted")));
      }),
  };
  const uploads = new Uploads(client, () => {}, () => {});
  uploads.add(names.map((name) => ({ file: { size: 100 }, name })), WHERE);
  return { uploads, puts, shown: () => uploads.list.value.map(({ name, state }) => `${name} ${state}`) };
}

const settled = () => new Promise(setImmediate);

test("what stands still says so, goes on when it moves, and keeps no other back when it is sent again", async () => {
  const { uploads, puts, shown } = stage(["a", "b", "c"]);
  assert.equal(puts.length, 2);
  puts[0].told(40, true);
  assert.deepEqual(shown(), ["a stalled", "b sending", "c waiting"]);
  assert.match(uploads.list.value[0].text, /Nothing is getting through/);
  puts[0].told(41, false);
  assert.deepEqual(shown(), ["a sending", "b sending", "c waiting"]);
  puts[0].told(100, true);
  assert.match(uploads.list.value[0].text, /has not answered yet/);
  uploads.again(1);
  await settled();
  assert.ok(puts[0].signal.aborted);
  assert.equal(puts.length, 3);
  puts[1].resolve({});
  await settled();
  assert.deepEqual(puts.map(({ how }) => [how.name, how.again]), [["a", false], ["b", false], ["c", false], ["a", true]]);
  assert.equal(puts[3].how.upload, puts[0].how.upload);
  puts[2].resolve({});
  puts[3].resolve({});
  await settled();
  assert.deepEqual(shown(), []);
});

test("what stood still in a gap is sent again after it, unless it goes on by itself", async (t) => {
  const pass = stoppedClock(t);
  const { uploads, puts, shown } = stage(["a", "b"]);
  link.become("lost", 1);
  uploads.lost();
  assert.deepEqual(shown(), ["a stalled", "b stalled"]);
  link.become("live", 0);
  uploads.restored();
  puts[0].told(60, false);
  pass(2300);
  await settled();
  assert.deepEqual(shown(), ["a sending", "b sending"]);
  assert.deepEqual(puts.map(({ how }) => how.name), ["a", "b", "b"]);
});

test("a request that nobody answers is made again, a refusal is told; both can be sent again", async (t) => {
  const pass = stoppedClock(t);
  const { uploads, puts, shown } = stage(["a", "b"]);
  puts[0].reject(new Unreachable("nobody there"));
  puts[1].reject(new Error("The home is full."));
  await settled();
  assert.deepEqual(shown(), ["a stalled", "b failed"]);
  assert.deepEqual(uploads.list.value.map(({ text, again }) => [text, again]), [["nobody there", true], ["The home is full.", true]]);
  pass(2300);
  await settled();
  assert.deepEqual(shown(), ["a sending", "b failed"]);
  uploads.again(2);
  assert.deepEqual(shown(), ["a sending", "b sending"]);
  uploads.cancel(1);
  uploads.cancel(2);
  await settled();
  assert.deepEqual(shown(), []);
});
