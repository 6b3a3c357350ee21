import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { stoppedClock } from "./clock.js";

/** @type {Set<() => void>} */
const layouts = new Set();
globalThis.ResizeObserver = class {
  constructor(run) {
    this.run = run;
  }
  observe() {
    layouts.add(this.run);
  }
  disconnect() {
    layouts.delete(this.run);
  }
};
const kept = new Map();
globalThis.sessionStorage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
};
globalThis.addEventListener ??= () => {};

const { giveBack, keep } = await import("../../../dashboard/js/link/keep.js");
const { Follow } = await import("../../../dashboard/views/js/follow.js");

/** A list 100 px high; like a browser it keeps `scrollTop` within what there is, and tells of it later. */
class List extends EventTarget {
  localName = "div";
  className = "list";
  clientHeight = 100;
  firstElementChild = {};
  #height = 0;
  #top = 0;
  #told = 0;
  getAttribute = (name) => (name === "aria-label" ? "Conversation" : null);
  closest = () => null;
  matches = () => false;

  get scrollHeight() {
    return Math.max(this.#height, this.clientHeight);
  }

  get scrollTop() {
    return this.#top;
  }

  set scrollTop(top) {
    this.#top = Math.max(0, Math.min(top, this.scrollHeight - this.clientHeight));
  }

  /** A frame: the scroll event first, then what watches sizes. */
  frame(follow, height = this.#height) {
    if (this.#told !== this.#top) follow.scrolled();
    this.#told = this.#top;
    this.#height = height;
    for (const run of layouts) run();
    if (this.#told !== this.#top) follow.scrolled();
    this.#told = this.#top;
  }
}

/** @returns {[List, InstanceType<typeof Follow>]} */
function shown() {
  layouts.clear();
  const list = new List();
  const follow = new Follow();
  follow.attach(list);
  globalThis.document = { querySelectorAll: () => [list] };
  return [list, follow];
}

/** The page before, left where it was scrolled to. */
function left(height, top) {
  const [list, follow] = shown();
  list.frame(follow, height);
  list.scrollTop = top;
  list.frame(follow);
  keep("s");
}

/** Frames for as long as the list is being put back, and a moment more. */
function frames(list, follow, pass) {
  for (let ms = 0; ms < 900; ms += 15) {
    list.frame(follow);
    pass(15);
  }
}

beforeEach(() => kept.clear());

test("a list follows its end for who reads there, and not for who scrolled up", () => {
  const [list, follow] = shown();
  list.frame(follow, 300);
  assert.equal(list.scrollTop, 200);
  list.scrollTop = 20;
  list.frame(follow);
  list.frame(follow, 400);
  assert.equal(list.scrollTop, 20);
  assert.equal(follow.away.value, true);
  list.scrollTop = 290;
  list.frame(follow);
  list.frame(follow, 500);
  assert.equal(list.scrollTop, 400);
});

test("who is put back reads on there, though it was the end of what had come, and more comes late", (t) => {
  const pass = stoppedClock(t);
  left(280, 30);
  const [list, follow] = shown();
  giveBack("s");
  list.frame(follow, 160);
  frames(list, follow, pass);
  assert.equal(list.scrollTop, 30);
  list.frame(follow, 280);
  list.frame(follow);
  assert.equal(list.scrollTop, 30);
  assert.equal(follow.away.value, true);
});

test("who was put back and scrolls to the end, or says something, is at the end again", (t) => {
  const pass = stoppedClock(t);
  for (const go of [(list) => (list.scrollTop = 60), (_list, follow) => follow.now()]) {
    left(280, 30);
    const [list, follow] = shown();
    giveBack("s");
    list.frame(follow, 160);
    frames(list, follow, pass);
    go(list, follow);
    list.frame(follow);
    list.frame(follow, 280);
    assert.equal(list.scrollTop, 180);
  }
});

test("who was at the end is at the end again, however late it comes", (t) => {
  const pass = stoppedClock(t);
  left(280, 180);
  const [list, follow] = shown();
  giveBack("s");
  list.frame(follow, 160);
  frames(list, follow, pass);
  list.frame(follow, 400);
  assert.equal(list.scrollTop, 300);
});

test("who reads at the end is at the end of a phone that was turned; who reads above stays there", () => {
  for (const [top, after] of [[800, 440], [300, 200]]) {
    const [list, follow] = shown();
    list.frame(follow, 900);
    list.scrollTop = top;
    list.frame(follow);
    list.clientHeight = 60;
    list.scrollTop = 200; // the browser keeps in sight what it can, and says that it has scrolled
    list.frame(follow, 500);
    list.frame(follow);
    assert.equal(list.scrollTop, after);
    assert.equal(follow.away.value, after < 440);
  }
});
