import assert from "node:assert/strict";
import { test } from "node:test";
import { many } from "../../../dashboard/js/words.js";
import { bytes, moment } from "../../../dashboard/views/files/format.js";
import { inBytes, inFiles, left, span, wouldGo } from "../../../dashboard/views/js/format.js";

test("sizes have the unit that keeps them short", () => {
  for (const [size, listed, told] of [
    [0, "0 bytes", "0 bytes"],
    [999, "999 bytes", "999 bytes"],
    [1000, "1.0 kB", "1.0 kB"],
    [9949, "9.9 kB", "9.9 kB"],
    [9960, "10 kB", "10.0 kB"],
    [150_000, "150 kB", "150 kB"],
    [1_000_000, "1.0 MB", "1.0 MB"],
    [2_500_000_000, "2.5 GB", "2.5 GB"],
  ])
    assert.deepEqual([bytes(size), inBytes(size)], [listed, told], String(size));
  assert.deepEqual([bytes(1), bytes(999_600)], ["1 byte", "1.0 MB"]);
});

test("one is not many", () => {
  assert.deepEqual([many(1, "file"), many(0, "file"), many(2, "folder")], ["1 file", "0 files", "2 folders"]);
  assert.deepEqual([inFiles(1), inFiles(1200)], ["1 file", "1,200 files"]);
});

test("a time is the hour today, else the day", () => {
  const now = Date.now() / 1000;
  assert.match(moment(now), /\d\d[:.]\d\d/);
  assert.match(moment(now - 400 * 86_400), /\d{4}/);
});

test("times that were taken and times that are left", () => {
  assert.deepEqual([span(0.0002), span(0.094), span(0.095), span(12.34)], ["1 ms", "94 ms", "0.1 s", "12.3 s"]);
  assert.deepEqual([left(-3), left(0.1), left(60), left(61.2)], ["0:00", "0:01", "1:00", "1:02"]);
});

test("what goes for good is said before it goes, and that a session which runs ends first", () => {
  const told = wouldGo({ bytes: 5_000_000, files: 1, file_bytes: 2000 }, true);
  assert.match(told, /with 1 file of yours \(2\.0 kB\)/);
  assert.match(told, /5\.0 MB in all\? It is running and will be ended first\. This cannot be undone\./);
  const empty = wouldGo({ bytes: 10, files: 0, file_bytes: 0 }, false, "these two");
  assert.match(empty, /^Delete these two for good, .*It holds no files of yours\./);
  assert.doesNotMatch(empty, /running/);
});
