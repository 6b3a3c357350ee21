import assert from "node:assert/strict";
import { test } from "node:test";
import { gapIn, kindsInWords, pictureIn, Records } from "../../../dashboard/views/inspector/ledger.js";

const row = (n) => ({ n, at: 0, kind: "heard", says: "" });
const grown = (count, generation = 0) => ({ count, all: 10, generation, kinds: { heard: count }, groups: {} });

function opened() {
  const sent = [];
  const note = (message) => void sent.push(message);
  return { records: new Records({ send: note, ask: note }), sent };
}

test("rows that are not known are asked for once", () => {
  const { records, sent } = opened();
  records.hear(grown(10));
  records.need(0, 6);
  records.need(0, 6);
  assert.deepEqual(sent, [{ type: "rows", from: 0, to: 6 }]);
  records.hear({ rows: [row(0), row(1), row(2)], from: 0, generation: 0 });
  records.need(0, 6);
  assert.deepEqual(sent.at(-1), { type: "rows", from: 3, to: 6 });
  records.hear({ rows: [row(3), row(4), row(5)], from: 3, generation: 0 });
  records.need(0, 6);
  assert.equal(sent.length, 2);
});

test("rows of another filter are forgotten, and none of them comes in late", () => {
  const { records } = opened();
  records.hear(grown(3));
  records.hear({ rows: [row(0)], from: 0, generation: 0 });
  records.hear(grown(2, 1));
  assert.equal(records.rows.value.size, 0);
  records.hear({ rows: [row(0)], from: 0, generation: 0 });
  assert.equal(records.rows.value.size, 0);
});

test("a row that is chosen before it is known is opened when it has come, once", () => {
  const { records, sent } = opened();
  records.hear(grown(10));
  records.choose(10);
  assert.equal(records.at.value.index, -1);
  records.choose(9);
  assert.deepEqual(sent, []);
  records.hear({ rows: [row(90)], from: 9, generation: 0 });
  records.hear({ rows: [row(90)], from: 9, generation: 0 });
  assert.deepEqual(sent, [{ type: "open", n: 90 }]);
});

test("after a gap everything is asked anew with the same filter", () => {
  const { records, sent } = opened();
  records.hear(grown(10));
  records.toggle("heard", true);
  records.need(0, 6);
  records.again();
  assert.deepEqual(sent.at(-1), { type: "filter", text: "", kinds: ["heard"], group: "" });
  records.need(0, 6);
  assert.equal(sent.at(-1).type, "rows");
});

test("the choice of kinds is said in few words", () => {
  const said = [[], ["task_started"], ["a", "b"]].map((kinds) => kindsInWords(new Set(kinds)));
  assert.deepEqual(said, ["All kinds", "task started", "2 kinds"]);
});

test("a picture's address is made of nothing but a hash", () => {
  const image = { sha256: "0".repeat(64) };
  assert.equal(pictureIn({ image }), image);
  assert.equal(pictureIn({ images: [image] }), image);
  assert.equal(pictureIn({ image: { sha256: "../secret" } }), null);
  assert.equal(pictureIn({}), null);
});

test("the first row that is not known is found", () => {
  const rows = new Map([[0, row(0)], [1, row(1)], [3, row(3)]]);
  assert.deepEqual([gapIn(rows, 0, 2), gapIn(rows, 0, 4), gapIn(rows, 3, 4), gapIn(rows, 4, 4)], [-1, 2, -1, -1]);
});
