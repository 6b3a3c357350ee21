import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { beforeEach, test } from "node:test";

globalThis.crypto ??= webcrypto; // Node.js 18 has it only here

/** A request whose way out and answer are made by hand. */
class Request {
  /** @type {Request} */
  static last;
  upload = {};

  constructor() {
    Request.last = this;
  }

  open() {}
  setRequestHeader() {}
  send() {}

  abort() {
    this.onloadend();
    this.onabort();
  }

  out(loaded) {
    this.upload.onprogress({ loaded });
  }

  answer(status, response) {
    Object.assign(this, { status, response });
    this.onloadend();
    this.onload();
  }
}
globalThis.XMLHttpRequest = Request;

let now = 0;
let last = 0;
const timers = new Map();
globalThis.setTimeout = (run, ms) => {
  timers.set(++last, { at: now + ms, run });
  return last;
};
globalThis.clearTimeout = (id) => timers.delete(id);

/** So many milliseconds pass. */
async function pass(ms) {
  const end = now + ms;
  const due = () => [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
  for (let next = due(); next; next = due()) {
    const [id, { at, run }] = next;
    timers.delete(id);
    now = at;
    run();
  }
  now = end;
  await new Promise(setImmediate);
}

const { bring } = await import("../../../dashboard/views/replay/js/importing.js");
const { link } = await import("../../../dashboard/js/link/link.js");

const STALLED = 10_000; // ms in which nothing goes through, until that is told

/** An export of a hundred bytes on its way in: what is said of it, and what came of it. */
function began() {
  const take = { words: "" };
  const end = { answer: null, why: null };
  bring({ size: 100 }, (words) => (take.words = words)).then(
    (answer) => (end.answer = answer),
    (error) => (end.why = error.message),
  );
  return { take, end, request: Request.last };
}

beforeEach(() => timers.clear());

test("an import shows how far it is, and that it has stalled, until it goes on", async () => {
  const { take, end, request } = began();
  request.out(40);
  assert.equal(take.words, "Importing… 40 %");
  await pass(STALLED);
  assert.equal(take.words, "Importing… stalled");
  await pass(59_000);
  request.out(50);
  assert.equal(take.words, "Importing… 50 %");
  await pass(2000);
  request.out(100);
  assert.equal(take.words, "Importing…");
  request.answer(200, { id: "two" });
  await pass(1);
  assert.deepEqual(end, { answer: { id: "two" }, why: null });
});

test("an import that stalls is given up with what is so, sooner while it is not all out", async () => {
  for (const [out, ms, why] of [
    [40, 60_000, "The upload stalled. Try again."],
    [100, 600_000, "The server has not answered. Check the list to see whether it is there."],
  ]) {
    const { end, request } = began();
    request.out(out);
    await pass(STALLED + ms - 1);
    assert.equal(end.why, null);
    await pass(1);
    assert.equal(end.why, why);
  }
});

test("an import that stood still in a gap is given up soon after it, unless it goes on", async () => {
  for (const goesOn of [false, true]) {
    const { end, request } = began();
    request.out(40);
    await pass(STALLED);
    link.restored();
    if (goesOn) request.out(41);
    await pass(1999);
    assert.equal(end.why, null);
    await pass(1);
    assert.equal(end.why, goesOn ? null : "The upload stalled. Try again.");
  }
});
