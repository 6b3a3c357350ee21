import assert from "node:assert/strict";
import { test } from "node:test";

import { Channel } from "../../../dashboard/desktop/js/channel.js";
import { pasteKey } from "../../../dashboard/desktop/js/clipboard.js";
import { drawingOf, numberOf } from "../../../dashboard/desktop/js/marks.js";
import { Overlay } from "../../../dashboard/desktop/js/overlay.js";

const tags = (mark) => drawingOf(mark).shapes.map(({ tag }) => tag);
const rings = (kind) => tags({ kind, x: 5, y: 5 }).length;

test("a click is a ring for each press, around the place", () => {
  assert.deepEqual(["left_click", "double_click", "triple_click", "type"].map(rings), [1, 2, 3, 0]);
  const { shapes, point } = drawingOf({ kind: "double_click", x: 10, y: 20 });
  assert.deepEqual(shapes.map(({ attributes }) => attributes.r), [14, 22]);
  assert.deepEqual(point, [10, 20]);
});

test("what is about to be touched is its box, or a spot where none is known", () => {
  assert.deepEqual(tags({ next: true, kind: "left_click", x: 1, y: 2, box: [0, 0, 9, 9] }), ["rect"]);
  assert.deepEqual(tags({ next: true, kind: "left_click", x: 1, y: 2 }), ["circle"]);
  assert.deepEqual(drawingOf({ box: [10, 20, 30, 40] }).shapes[0].attributes, { x: 8, y: 18, width: 34, height: 44, rx: 5 });
});

test("a drag is a line, and the pointer stands at its end", () => {
  const { shapes, point } = drawingOf({ kind: "drag", x: 1, y: 2, to: [30, 40] });
  assert.deepEqual(shapes[0], { tag: "line", attributes: { x1: 1, y1: 2, x2: 30, y2: 40 } });
  assert.deepEqual(point, [30, 40]);
});

test("a label stays inside the picture and is cut", () => {
  const [{ attributes, text }] = drawingOf({ label: "x".repeat(99), x: 3, y: 4 }).shapes;
  assert.deepEqual(attributes, { x: 3, y: 16 });
  assert.equal(text.length, 60);
});

test("numbers that are none are not drawn, and no class is made of a kind's odd letters", () => {
  const odd = drawingOf({ kind: 'left_click" onload', x: Number.NaN, y: 1, to: ["a", 2], box: [] , label: "a"});
  assert.deepEqual([odd.shapes, odd.point, odd.className], [[], null, "mark  left_clickonload"]);
});

test("what was about to be done goes with the next mark; others fade, six at most", () => {
  const overlay = new Overlay();
  const shown = () => overlay.marks.value.map(({ next }) => next);
  overlay.show({ kind: "left_click", x: 1, y: 1, next: true });
  assert.deepEqual(shown(), [true]);
  overlay.show({ kind: "left_click", x: 2, y: 2 });
  assert.deepEqual(shown(), [false]);
  for (let i = 0; i < 9; i += 1) overlay.show({ kind: "left_click", x: 2, y: 2 });
  assert.equal(shown().length, 6);
  const [{ id }] = overlay.marks.value;
  overlay.remove(id);
  assert.equal(shown().length, 5);
  overlay.show({});
  assert.deepEqual([shown().length, overlay.point.value], [5, [2, 2]]);
});

test("the marks lie on a picture that has a size, and stay where they were else", () => {
  const overlay = new Overlay();
  const box = { left: 1, top: 2, width: 300, height: 200 };
  overlay.place(box, [640, 400]);
  overlay.place({ ...box, width: 0 }, [640, 400]);
  overlay.place(box, [0, 400]);
  assert.deepEqual([overlay.box.value, overlay.size.value], [box, "0 0 640 400"]);
});

const pressed = (more) => pasteKey({ ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, code: "", ...more });

test("the keys that paste are known on each kind of keyboard", () => {
  assert.deepEqual(pressed({ code: "KeyV", ctrlKey: true }), { keysym: 0x76, code: "KeyV", control: false });
  assert.equal(pressed({ code: "KeyV", metaKey: true })?.control, true);
  assert.equal(pressed({ code: "Insert", shiftKey: true })?.keysym, 0xff63);
  for (const other of [{ code: "KeyV" }, { code: "KeyV", ctrlKey: true, altKey: true }, { code: "Insert", ctrlKey: true }])
    assert.equal(pressed(other), null);
});

test("a channel is a socket over the host's messages: it counts what it took, and closes once", async () => {
  const sent = [];
  const heard = [];
  const channel = new Channel(7, (message) => sent.push(message));
  channel.onmessage = ({ data }) => heard.push([...new Uint8Array(data)]);
  channel.onclose = ({ reason }) => heard.push(reason);
  await Promise.resolve();
  channel.send(Uint8Array.of(1));
  channel.receive({ channel: 7, state: "open" });
  channel.receive({ channel: 8, state: "close", reason: "another" });
  channel.receive({ channel: 7, state: "data" }, [new DataView(Uint8Array.of(9, 1, 2, 9).buffer, 1, 2)]);
  channel.send(Uint8Array.of(1));
  channel.receive({ channel: 7, state: "close", reason: "ended" });
  channel.close();
  assert.deepEqual(heard, [[1, 2], "ended"]);
  assert.deepEqual(sent.map(({ rfb, state, size }) => [rfb, state, size]), [
    [7, "open", undefined],
    [7, "taken", 2],
    [7, "data", undefined],
  ]);
});

test("a channel whose host takes no bytes beside a message has them within it", async () => {
  const sent = [];
  const heard = [];
  const channel = new Channel(7, (message, buffers) => sent.push([message, buffers]), true);
  channel.onmessage = ({ data }) => heard.push(...new Uint8Array(data));
  await Promise.resolve();
  channel.receive({ channel: 7, state: "open" });
  channel.receive({ channel: 7, state: "data", bytes: Uint8Array.of(1, 2).buffer });
  channel.send(Uint8Array.of(3));
  assert.deepEqual(heard, [1, 2]);
  const [message, buffers] = sent.at(-1);
  assert.deepEqual([[...new Uint8Array(message.bytes)], buffers], [[3], []]);
  assert.deepEqual(sent.at(-2), [{ rfb: 7, state: "taken", size: 2 }, []]);
});

test("a number is a badge at its thing's corner; of a grid, in the middle of an outlined square", () => {
  const [badge, { text }] = numberOf({ text: "7", box: [100, 50, 80, 20], square: false }, 1);
  assert.deepEqual([badge.attributes.class, text], ["badge", "7"]);
  assert.ok(badge.attributes.x < 100 && badge.attributes.y < 50);
  const [outline, inner] = numberOf({ text: "5", box: [0, 0, 300, 200], square: true }, 1);
  assert.deepEqual(outline.attributes, { x: 0, y: 0, width: 300, height: 200 });
  assert.ok(Math.abs(inner.attributes.x + inner.attributes.width / 2 - 150) < 1);
});

test("a number can be read however small the picture is, and stays on it", () => {
  const size = (scale) => numberOf({ text: "7", box: [0, 0, 9, 9], square: false }, scale)[1].attributes["font-size"];
  assert.equal(size(1), 14);
  assert.ok(size(0.25) * 0.25 >= 11);
  const [{ attributes }] = numberOf({ text: "7", box: [0, 0, 9, 9], square: false }, 1);
  assert.deepEqual([attributes.x, attributes.y], [0, 0]);
  assert.deepEqual(numberOf({ text: "7", box: [], square: false }, 1), []);
});
