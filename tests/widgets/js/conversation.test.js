import assert from "node:assert/strict";
import { test } from "node:test";

import { isLong, left, span } from "../../../dashboard/views/js/format.js";
import { KEPT, Store } from "../../../dashboard/views/js/store.js";

const put = (n, more = {}) => ({ put: { id: `i${n}`, n, kind: "said", text: `text ${n}`, at: 0, ...more } });
const ids = (store) => store.entries.value.map((entry) => entry.id);

test("items that overtake each other stand in their order", () => {
  const store = new Store();
  store.apply({ operations: [put(0), put(3)] });
  store.apply({ operations: [put(2), put(1), put(4)] });
  assert.deepEqual(ids(store), ["i0", "i1", "i2", "i3", "i4"]);
});

test("a change of one item is seen by whoever shows that one, and by nobody else", () => {
  const store = new Store();
  store.apply({ operations: [put(0), put(1)] });
  const [one, two] = store.entries.value;
  const drawn = { list: 0, one: 0, two: 0 };
  store.entries.subscribe(() => (drawn.list += 1));
  one.item.subscribe(() => (drawn.one += 1));
  two.item.subscribe(() => (drawn.two += 1));
  assert.deepEqual(store.apply({ operations: [put(1, { text: "new" }), { append: "i1", text: "er" }] }), []);
  assert.equal(two.item.value.text, "newer");
  assert.deepEqual(drawn, { list: 1, one: 1, two: 2 });
});

test("an answer that streams into a full list moves nothing but itself, and nothing is lost of it", () => {
  const store = new Store();
  store.apply({ operations: Array.from({ length: KEPT }, (_, n) => put(n, { text: "" })) });
  const seen = { lists: 0, others: 0, itself: 0 };
  for (const list of [store.entries, store.waiting, store.queue]) list.subscribe(() => (seen.lists += 1));
  const entries = store.entries.value;
  for (const { item } of entries.slice(0, -1)) item.subscribe(() => (seen.others += 1));
  const last = entries[KEPT - 1];
  last.item.subscribe(() => (seen.itself += 1));
  Object.assign(seen, { lists: 0, others: 0, itself: 0 });
  const piece = "x".repeat(1000);
  for (let n = 0; n < 100; n += 1) store.apply({ operations: [{ append: last.id, text: piece }, { append: last.id, text: piece }] });
  assert.deepEqual(seen, { lists: 0, others: 0, itself: 100 });
  assert.equal(last.item.value.text.length, 200_000);
});

test("the newest are kept, and it is known that older ones are gone", () => {
  const store = new Store();
  store.apply({ operations: Array.from({ length: KEPT }, (_, n) => put(n)) });
  assert.equal(store.trimmed.value, false);
  store.apply({ operations: [put(KEPT)] });
  assert.equal(store.entries.value.length, KEPT);
  assert.equal(ids(store)[0], "i1");
  assert.equal(store.trimmed.value, true);
  store.apply({ operations: [{ append: "i0", text: "late" }] });
});

test("what a person typed and opened outlives every change, and the whole sent anew", () => {
  const store = new Store();
  store.apply({ operations: [put(0, { kind: "question", answer: null })] });
  const [entry] = store.entries.value;
  entry.draft.value = "half an ans";
  store.apply({ operations: [put(0, { kind: "question", answer: null, text: "again?" })], reset: true });
  assert.equal(store.entries.value[0], entry);
  assert.equal(entry.draft.value, "half an ans");
});

test("a whole that is sent anew has nothing of what it lacks", () => {
  const store = new Store();
  store.apply({ operations: [put(0), put(1)] });
  store.apply({ operations: [put(1), put(2)], reset: true });
  assert.deepEqual(ids(store), ["i1", "i2"]);
});

test("what waits for the person is known, until it is decided", () => {
  const store = new Store();
  const asked = put(1, { kind: "approval", decision: "" });
  store.apply({ operations: [put(0), asked, put(2, { kind: "question", answer: null })] });
  const waiting = () => store.waiting.value.map((entry) => entry.id);
  assert.deepEqual(waiting(), ["i1", "i2"]);
  store.apply({ operations: [put(1, { kind: "approval", decision: "timeout" })] });
  assert.deepEqual(waiting(), ["i2"]);
  store.apply({ operations: [], reset: true });
  assert.deepEqual(waiting(), []);
});

test("the server's clock is kept beside the browser's", (t) => {
  t.mock.method(Date, "now", () => 5000);
  const store = new Store();
  store.apply({ operations: [], now: 95 });
  assert.equal(store.ahead.value, 90);
});

test("long texts are those of many letters or many lines", () => {
  assert.equal(isLong("x".repeat(1200)), false);
  assert.equal(isLong("x".repeat(1201)), true);
  assert.equal(isLong("line\n".repeat(13)), false);
  assert.equal(isLong("line\n".repeat(14)), true);
});

test("what is left is counted down to nothing, never below", () => {
  assert.equal(left(61), "1:01");
  assert.equal(left(0.2), "0:01");
  assert.equal(left(-5), "0:00");
  assert.equal(span(0.0004), "1 ms");
  assert.equal(span(0.094), "94 ms");
  assert.equal(span(0.0951), "0.1 s");
});
