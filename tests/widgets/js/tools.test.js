import assert from "node:assert/strict";
import { test } from "node:test";
import * as form from "../../../dashboard/views/tools/fields.js";

const field = (name, kind, more = {}) => ({ name, kind, title: name, says: "", required: false, ...more });

test("numbers are read with whatever stands between them, and nothing else is a number", () => {
  assert.deepEqual(form.numbers(" 3, 4;5\t6 "), [3, 4, 5, 6]);
  assert.deepEqual(form.numbers("-1.5 1e3"), [-1.5, 1000]);
  for (const text of ["", " ", "3, x", "1/2", "NaN"]) assert.equal(form.numbers(text), null, text);
});

test("a fresh form holds nothing but the choices that must be made", () => {
  const fields = [
    field("way", "choice", { required: true, options: ["up", "down"] }),
    field("more", "choice", { options: ["a"] }),
    field("sure", "boolean"),
    field("text", "text"),
  ];
  assert.deepEqual(form.blank(fields), { way: "up", more: "", sure: false, text: "" });
  assert.deepEqual(form.given(fields, form.blank(fields)), { way: "up" });
});

test("a tool is given numbers, and what is no number as it was typed", () => {
  const given = (kind, typed, more) => form.givenFor(field("x", kind, more), typed);
  assert.equal(given("integer", "7"), 7);
  assert.equal(given("number", "0.5"), 0.5);
  assert.deepEqual(given("point", "3, 4"), [3, 4]);
  assert.equal(given("point", "three"), "three");
  assert.deepEqual(given("numbers", "1 2 3"), [1, 2, 3]);
  assert.equal(given("text", "0"), "0");
  assert.equal(given("text", ""), undefined);
  assert.equal(given("lines", ""), undefined);
  assert.equal(given("lines", "", { required: true }), "");
  assert.equal(given("boolean", true), true);
  assert.equal(given("boolean", false), undefined);
});

test("a field of one choice is shown and sent with that choice only", () => {
  const fields = [field("way", "choice", { options: ["up", "far"] }), field("miles", "number", { when: "far" })];
  const typed = { way: "up", miles: "3" };
  assert.deepEqual(form.given(fields, typed), { way: "up" });
  assert.deepEqual(form.given(fields, { ...typed, way: "far" }), { way: "far", miles: 3 });
  assert.deepEqual(form.shownOf(fields, typed).map(({ name }) => name), ["way"]);
});

test("two clicks make a drag, and a click goes to the field in use", () => {
  const fields = [field("start", "point"), field("end", "point")];
  const none = { start: "", end: "" };
  assert.deepEqual(form.picking(fields, none, null, [1, 2]), { name: "start", text: "1, 2", next: "end" });
  assert.deepEqual(form.picking(fields, { ...none, start: "1, 2" }, null, [3, 4]), { name: "end", text: "3, 4", next: null });
  assert.deepEqual(form.picking(fields, none, "end", [3, 4]), { name: "end", text: "3, 4", next: "start" });
  assert.deepEqual(form.picking(fields, { start: "1, 2", end: "3, 4" }, null, [5, 6]).name, "start");
});

test("a region goes to its field; where none is wanted its end is a point", () => {
  const region = [field("box", "region"), field("at", "point")];
  assert.deepEqual(form.picking(region, { box: "", at: "" }, null, [1, 2, 3, 4]), { name: "box", text: "1, 2, 3, 4", next: null });
  assert.equal(form.picking([field("at", "point")], { at: "" }, null, [1, 2, 3, 4]).text, "3, 4");
  assert.equal(form.picking([field("t", "text")], { t: "" }, null, [1, 2]), null);
});

test("what the form names is marked on the picture, once it is numbers", () => {
  const fields = [field("at", "point"), field("box", "region"), field("list", "numbers")];
  assert.deepEqual(form.placesOf(fields, { at: "1 2", box: "x", list: "7 8" }), [[1, 2]]);
});

test("a pointer is at a pixel of the screen, never outside of it", () => {
  const box = { left: 10, top: 20, width: 640, height: 400 };
  assert.deepEqual(form.pixelAt({ x: 330, y: 220 }, box, [1280, 800]), [640, 400]);
  assert.deepEqual(form.pixelAt({ x: 0, y: 999 }, box, [1280, 800]), [0, 799]);
});

test("a short drag is a click, a longer one a region from its corner", () => {
  assert.deepEqual(form.pickedBy([10, 10], [14, 6]), [14, 6]);
  assert.deepEqual(form.pickedBy([10, 10], [5, 10]), [5, 10, 10, 10]);
});
