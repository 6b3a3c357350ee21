import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { Channel, changes } from "../../../dashboard/js/link/channel.js";
import { link } from "../../../dashboard/js/link/link.js";
import { patience } from "../../../dashboard/js/link/reloads.js";
import { Stopper } from "../../../dashboard/js/link/stopper.js";
import { TICK, Watch } from "../../../dashboard/js/link/watch.js";
import { stoppedClock } from "./clock.js";

globalThis.crypto ??= webcrypto; // Node.js 18 has it only here
globalThis.WebSocket ??= { OPEN: 1 };

/**
 * A server that answers after `trip` ms while `reachable`, beats if `beating`, stands still until `stuck`,
 * and a clock that ticks like a page's.
 */
class World {
  now = 1000;
  trip = 5;
  reachable = true;
  refuses = false;
  beating = true;
  late = 0;
  stuck = 0;
  wishes = [];
  opens = 0; // ms that a socket takes to open, beside its trip
  #opening = 0;
  #due = [];
  stuckSince = 0;

  constructor() {
    this.watch = new Watch();
    this.#grant(this.watch.tick(this.now));
    this.run(1000);
  }

  /** @param {number} ms @param {number} step How far apart the page's timers are. */
  run(ms, step = TICK) {
    const end = this.now + ms;
    const states = new Set();
    while (this.now < end) {
      this.now += step;
      for (const [at, act] of this.#due.splice(0)) {
        if (at <= this.now) act();
        else this.#due.push([at, act]);
      }
      if (this.beating && this.reachable) this.watch.beat(this.now, this.late, this.still);
      this.#grant(this.watch.tick(this.now));
      states.add(this.watch.state);
    }
    return states;
  }

  /** For how long the server's loop has been standing still. */
  get still() {
    return this.now < this.stuck ? this.now - this.stuckSince : 0;
  }

  /** The server's loop stands still for so long. */
  stall(ms) {
    this.stuckSince = this.now;
    this.stuck = this.now + ms;
  }

  /** Milliseconds until the state is reached. */
  until(state, most = 20_000) {
    const began = this.now;
    while (this.watch.state !== state && this.now - began < most) this.run(TICK);
    assert.equal(this.watch.state, state);
    return this.now - began;
  }

  #grant(wishes) {
    this.wishes.push(...wishes);
    for (const wish of wishes) {
      const due = Math.max(this.now, this.stuck) + this.trip;
      if (this.reachable && wish === "ping") this.#due.push([due, () => this.reachable && this.watch.answered(this.now, this.trip)]);
      if (wish === "drop") this.#opening += 1;
      const opening = this.#opening;
      if (this.reachable && wish === "open")
        this.#due.push([due + this.opens, () => this.reachable && opening === this.#opening && this.watch.opened(this.now)]);
      if (this.reachable && wish === "ask") this.#due.push([due, () => this.reachable && this.#grant(this.watch.reached(this.now))]);
      if (this.refuses && wish === "open") this.#due.push([this.now + 20, () => this.watch.failed("open")]);
    }
  }
}

test("a line that goes silent is noticed within two seconds, wherever in the beat it happens", () => {
  for (const beating of [true, false]) {
    for (let offset = 0; offset < 500; offset += 37) {
      const world = new World();
      world.beating = beating;
      world.watch.closed(world.now); // the next socket is one to such a server
      world.run(500);
      world.run(offset, 10);
      world.reachable = false;
      assert.ok(world.until("down") <= 2000);
    }
  }
});

test("a closed socket whose server refuses another is noticed at once", () => {
  const world = new World();
  world.reachable = false;
  world.refuses = true;
  world.watch.closed(world.now);
  assert.ok(world.until("down") <= 300);
  world.run(8000);
  world.refuses = false;
  world.reachable = true;
  assert.ok(world.until("up") <= 3000);
});

test("a closed socket with silence after it is noticed within two seconds", () => {
  const world = new World();
  world.reachable = false;
  world.watch.closed(world.now);
  assert.ok(world.until("down") <= 2000);
});

test("a link is up within a second after a gap, however long its sockets hang", () => {
  for (let gap = 2500; gap < 20_000; gap += 370) {
    const world = new World();
    world.reachable = false;
    world.until("down");
    world.run(gap);
    world.reachable = true;
    assert.ok(world.until("up") <= 1000, `after ${gap}`);
  }
});

test("in a gap few sockets fail, and the next opens as soon as a request is answered", () => {
  for (const refuses of [true, false]) {
    for (const gap of [30_000, 75_000, 600_000]) {
      const world = new World();
      world.reachable = false;
      world.refuses = refuses;
      world.watch.closed(world.now);
      world.run(gap - 240_000);
      world.wishes = [];
      world.run(Math.min(gap, 240_000)); // the minutes whose failures a browser counts
      const failed = world.wishes.filter((wish) => wish === "open").length;
      assert.ok(failed <= 14, `${failed} in ${gap} ms`);
      world.reachable = true;
      world.refuses = false;
      assert.ok(world.until("up") <= 1300, `after ${gap}`);
    }
  }
});

test("a server that answers requests and no sockets is not stormed with them", () => {
  const world = new World();
  world.opens = 1e9;
  world.beating = false;
  world.watch.closed(world.now);
  world.run(20_000);
  world.wishes = [];
  world.run(60_000);
  assert.ok(world.wishes.filter((wish) => wish === "open").length <= 16);
});

test("a page that is only just loaded asks by requests, too, when its sockets fail", () => {
  const world = new World();
  world.watch = new Watch();
  world.reachable = false;
  world.refuses = true;
  world.run(3000);
  assert.equal(world.watch.state, "starting");
  world.reachable = true;
  world.refuses = false;
  assert.ok(world.until("up") <= 1000);
});

test("who comes back to the page need not wait for the next try, and is not told less", () => {
  const world = new World();
  world.reachable = false;
  world.until("down");
  world.run(120_000);
  world.watch.hasten();
  world.wishes = [];
  world.run(TICK);
  assert.ok(world.wishes.includes("ask"));
  const other = new World();
  other.reachable = false;
  let waited = 0;
  for (; other.watch.state !== "down" && waited < 3000; waited += TICK) {
    other.watch.hasten();
    other.run(TICK);
  }
  assert.ok(waited <= 2000);
});

test("a socket that opens slowly beside quick requests is let to open", () => {
  const world = new World();
  world.reachable = false;
  world.until("down");
  world.run(3000);
  world.opens = 3500;
  world.reachable = true;
  assert.ok(world.until("up") <= 15_000);
});

test("a socket that was only closed is replaced without an alarm", () => {
  const world = new World();
  world.watch.closed(world.now);
  assert.deepEqual([...world.run(2000)].sort(), ["slow", "up"]);
});

test("a socket that hangs is replaced without an alarm where another can be had", () => {
  const world = new World();
  world.run(1000);
  world.beating = false; // the old socket is dead in both directions
  const answered = world.watch.answered.bind(world.watch);
  world.watch.answered = () => {};
  const opened = world.watch.opened.bind(world.watch);
  world.watch.opened = (now) => {
    opened(now);
    world.beating = true;
    world.watch.answered = answered;
  };
  assert.deepEqual([...world.run(3000)].sort(), ["slow", "up"]);
});

test("a loop that stands still is slow at most, for as long as the server says so", () => {
  for (const ms of [1000, 1500, 5000, 20_000]) {
    const world = new World();
    for (let i = 0; i < 5; i += 1) {
      world.stall(ms);
      assert.ok(!world.run(ms + 700).has("down"), `${ms}`);
      assert.equal(world.watch.state, "up");
    }
  }
});

test("a line that is lost while the loop stands still is noticed all the same", () => {
  const world = new World();
  world.stall(10_000);
  world.run(1500);
  world.reachable = false;
  assert.ok(world.until("down") <= 2000);
});

test("beats whose pings are never answered are no link, and do not keep another from opening", () => {
  const world = new World();
  world.trip = 1e9;
  world.until("down", 3000);
  world.trip = 5;
  assert.ok(world.until("up") <= 2000);
});

test("a process that stands still for a second and a half is slow at most", () => {
  const world = new World();
  for (let i = 0; i < 10; i += 1) {
    world.reachable = false;
    assert.ok(!world.run(1500).has("down"));
    world.reachable = true;
    world.run(3000);
    assert.equal(world.watch.state, "up");
  }
});

test("an hour of a good line has no false alarm, whatever the timers do", () => {
  for (const step of [TICK, 1000, 60_000]) {
    const world = new World();
    assert.deepEqual([...world.run(3_600_000, step)], ["up"], `timers ${step} ms apart`);
  }
});

test("a server that is one second late is slow at most", () => {
  const world = new World();
  for (let i = 0; i < 20; i += 1) {
    world.trip = i % 2 ? 1000 : 5;
    assert.ok(!world.run(1500).has("down"));
  }
});

test("a process that says that it was late is waited for longer, and no longer than needed", () => {
  const world = new World();
  world.late = 2000;
  world.run(500);
  world.reachable = false;
  assert.ok(!world.run(3000).has("down"));
  assert.ok(world.until("down") < 3000);
});

test("a page that slept does not count its sleep: it asks first", () => {
  const world = new World();
  world.now += 3_600_000; // nothing ran
  world.wishes = [];
  world.watch.poke(world.now);
  assert.deepEqual([...world.run(1000)], ["up"]);
  world.now += 3_600_000;
  world.reachable = false;
  assert.ok(world.until("down") <= 2000);
});

test("a silent socket that answers after all is up again, without another", () => {
  const world = new World();
  world.reachable = false;
  world.until("down");
  world.watch.answered(world.now, 3000);
  assert.equal(world.watch.state, "up");
  assert.equal(world.watch.silentSince, 0);
});

test("a socket that hangs while it opens is dropped for another, each time with more patience", () => {
  const world = new World();
  world.watch.closed(world.now);
  world.reachable = false;
  world.wishes = [];
  world.run(10_000);
  const opened = world.wishes.filter((wish) => wish === "open").length;
  const dropped = world.wishes.filter((wish) => wish === "drop").length;
  assert.ok(opened >= 4 && opened <= 8, `${opened}`);
  assert.ok(opened - dropped <= 1);
  assert.ok(world.wishes.filter((wish) => wish === "ask").length > opened);
});

/** A page's timers and store, and a server's answers by hand. */
function stage(kept = new Map()) {
  const timers = [];
  const posts = [];
  const parts = {
    now: () => stage.now,
    after: (run, ms) => timers.push([stage.now + ms, run]),
    post: (press, signal) => new Promise((resolve, reject) => {
      posts.push({ press, resolve, reject, signal });
      signal.addEventListener("abort", () => reject(new Error("aborted")));
    }),
    store: { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) },
    changed: () => {},
  };
  const run = async (ms) => {
    const end = stage.now + ms;
    while (stage.now < end) {
      stage.now += 50;
      for (const [at, act] of timers.splice(0)) at <= stage.now ? act() : timers.push([at, act]);
      await new Promise(setImmediate);
    }
  };
  return { stopper: new Stopper(parts), posts, run, kept };
}
stage.now = 5000;

const PRESS = { session: "s", task: "t", at: 12.5 };

test("Stop is sent until it is answered, as the same press, and says which of the two is so", async () => {
  const { stopper, posts, run } = stage();
  stopper.stop(PRESS);
  assert.equal(stopper.state, "sending");
  await run(3000);
  assert.equal(stopper.state, "unanswered");
  assert.ok(posts.length >= 6);
  assert.equal(new Set(posts.map(({ press }) => press.press)).size, 1);
  assert.ok(posts.filter(({ signal }) => !signal.aborted).length <= 3);
  posts.at(-1).resolve({ press: posts[0].press.press, state: "stopped" });
  await run(50);
  assert.equal(stopper.state, "stopped");
  const sent = posts.length;
  await run(6000);
  assert.equal(stopper.state, "none");
  assert.equal(posts.length, sent);
});

test("a press goes on after the page was loaded anew, and is given up when nobody means it any more", async () => {
  const first = stage();
  first.stopper.stop(PRESS);
  const second = stage(first.kept);
  second.stopper.resume();
  assert.equal(second.posts[0].press.press, first.posts[0].press.press);
  stage.now += 700_000;
  const third = stage(first.kept);
  third.stopper.resume();
  assert.equal(third.posts.length, 0);
});

test("what hangs is given up when the link is back, and Stop sent at once", async () => {
  const { stopper, posts, run } = stage();
  stopper.stop(PRESS);
  await run(1000);
  const before = posts.length;
  stopper.hurry();
  assert.equal(posts.length, before + 1);
  assert.ok(posts.slice(0, -1).every(({ signal }) => signal.aborted));
});

test("what was pulled becomes changes of what is there but for the theme; what is new is defined", () => {
  const inner = { type: "object", id: "b", name: "B", attributes: { n: 2, dark_theme: true } };
  const fresh = { type: "object", id: "c", name: "C", attributes: { of: { id: "b" } } };
  const pulled = [{ type: "object", id: "a", name: "A", attributes: { children: [inner, fresh], bytes: { type: "bytes", data: { id: "buffer" } } } }];
  const events = changes(pulled, (id) => id !== "c");
  assert.deepEqual(events, [
    { kind: "ModelChanged", model: { id: "b" }, attr: "n", new: 2 },
    { kind: "ModelChanged", model: { id: "a" }, attr: "children", new: [{ id: "b" }, fresh] },
    { kind: "ModelChanged", model: { id: "a" }, attr: "bytes", new: { type: "bytes", data: { id: "buffer" } } },
  ]);
});

test("a server that is away for long is asked every second, and less often than at first", () => {
  const world = new World();
  world.reachable = false;
  world.until("down");
  world.run(10_000);
  const asked = (ms) => {
    world.wishes = [];
    world.run(ms);
    return world.wishes.filter((wish) => wish === "ask").length;
  };
  const soon = asked(30_000);
  world.run(60_000);
  const later = asked(30_000);
  assert.ok(later >= 20 && later < soon, `${soon}, then ${later}`);
});

test("a page that loads itself anew again and again waits longer each time, and not for ever", () => {
  const kept = new Map();
  const store = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v) };
  let now = 1e12;
  const waits = Array.from({ length: 9 }, () => patience(store, (now += 100)));
  assert.deepEqual(waits, [0, 0, 0, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  assert.equal(patience(store, now + 700_000), 0);
  const none = { getItem: () => assert.fail(), setItem: () => {} };
  assert.equal(patience(none, now), 0);
});

/** A page's channel whose server answers when the test says so. */
function channelOf() {
  const asked = [];
  const states = [];
  const connection = {
    socket: { readyState: WebSocket.OPEN, close: () => {} },
    session: { request_server_info: () => new Promise((resolve) => asked.push(resolve)) },
    _receiver: {},
    _pending_replies: new Map(),
  };
  const told = { state: (state) => states.push(state), restored: () => {}, hopeless: () => {} };
  const channel = new Channel(connection, told);
  clearInterval(channel.timer);
  return { channel, asked, states };
}

test("a channel is dead when the link has answered later questions and it has not", async (t) => {
  t.mock.method(Date, "now", () => 5000);
  for (const gap of [true, false]) {
    const { channel, states } = channelOf();
    const check = channel.check(gap);
    const since = Date.now();
    for (let n = 0; n < 9; n += 1) channel.linkAnswered(since - 1000); // asked before the channel was
    await new Promise(setImmediate);
    assert.deepEqual(states, []);
    for (let n = 0; n < (gap ? 2 : 3); n += 1) channel.linkAnswered(since + 1);
    await check;
    assert.deepEqual(states, ["closed"]);
  }
});

test("a channel that answers is kept, whatever the link answers afterwards", async () => {
  const { channel, asked, states } = channelOf();
  const first = channel.check(true);
  const second = channel.check(true); // the link's socket was lost once more
  channel.linkAnswered(Date.now() + 1);
  asked.at(-1)({});
  await Promise.all([first, second]);
  for (let n = 0; n < 9; n += 1) channel.linkAnswered(Date.now() + 1);
  await new Promise(setImmediate);
  assert.deepEqual(states, []);
});

/** What the one link of a page sends, by each of its three ways. */
function sendings(answer) {
  const sent = { channel: [], request: [], socket: [] };
  globalThis.fetch = async (url, { body, signal }) => {
    sent.request.push([url, JSON.parse(body)]);
    signal?.throwIfAborted();
    return answer();
  };
  link.also = (message) => sent.socket.push(message);
  link.shown = () => ({ session: "s", task: "t" });
  link.become("live", 0);
  return { sent, host: { send: (message) => sent.channel.push(message) } };
}
const reply = (status, told) => () => ({ status, json: async () => told });
const never = () => new Promise(() => {});

test("words that the channel takes go by no other way", async (t) => {
  const pass = stoppedClock(t);
  const { sent, host } = sendings(never);
  const said = link.say(host, "hello", "receipt-1");
  link.taken("receipt-1");
  assert.deepEqual(await said, { taken: true, why: "" });
  pass(700);
  await new Promise(setImmediate);
  assert.deepEqual([sent.channel.length, sent.request.length, sent.socket.length], [1, 0, 0]);
});

test("words that the channel does not take go by a request and by the link, with one receipt", async () => {
  const { sent, host } = sendings(reply(202, { state: "sent" }));
  assert.deepEqual(await link.say(host, "hello", "receipt-2"), { taken: true, why: "" });
  assert.deepEqual(sent.request, [["sessions/s/say", { id: "receipt-2", text: "hello" }]]);
  assert.deepEqual(sent.socket, [{ say: { session: "s", id: "receipt-2", text: "hello" } }]);
  assert.deepEqual(await link.say(host, "hello", "receipt-2"), { taken: true, why: "" });
  assert.equal(sent.channel.length, 1);
});

test("words go at once when the server answers again, and are kept while it does not", async () => {
  const { sent, host } = sendings(never);
  link.become("lost", 1);
  assert.deepEqual(await link.say(host, "hello", "receipt-3"), { taken: false, why: "" });
  assert.deepEqual(sent, { channel: [], request: [], socket: [] });
  link.become("restoring", 1);
  const said = link.say(host, "hello", "receipt-3");
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(sent.request.length, 1);
  assert.equal(sent.channel.length, 0);
  link.said({ id: "receipt-3", state: "sent" });
  assert.equal((await said).taken, true);
  const lost = link.say(host, "more", "receipt-4");
  link.become("lost", 1);
  assert.equal((await lost).taken, false);
  assert.ok(!link.arrived("receipt-4"));
  link.said({ id: "receipt-4", state: "sent" }); // late
  assert.ok(link.arrived("receipt-4"));
  link.become("live", 0);
});

test("what was pressed into a gap is sent when the link is back, with the receipt that it had", async () => {
  const { host } = sendings(never);
  const receipts = [];
  host.send = ({ receipt }) => receipts.push(receipt);
  link.become("lost", 1);
  const late = link.deliverAtLast(host, { type: "fate" });
  await new Promise(setImmediate);
  assert.deepEqual(receipts, []);
  link.become("live", 0);
  link.restored();
  await new Promise(setImmediate);
  assert.equal(receipts.length, 1);
  link.become("lost", 1); // it vanished on its way
  await new Promise(setImmediate);
  link.become("live", 0);
  link.restored();
  await new Promise(setImmediate);
  assert.equal(receipts.length, 2);
  assert.equal(receipts[0], receipts[1]);
  link.taken(receipts[0]);
  assert.equal(await late, true);
});

test("words that the server refuses come back with its reason", async () => {
  const { host } = sendings(reply(507, { state: "refused", text: "The disk is full." }));
  assert.deepEqual(await link.say(host, "hello", "receipt-5"), { taken: false, why: "The disk is full." });
});

test("Stop goes by its own request and by the link's socket", async () => {
  const { sent } = sendings(reply(200, { state: "stopped" }));
  link.stop();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(link.stopping.state, "stopped");
  assert.deepEqual([sent.request[0][0], sent.request[0][1].session, sent.request[0][1].task], ["stop", "s", "t"]);
  assert.equal(sent.socket[0].stop.press, sent.request[0][1].press);
});

test("a request that was made into a gap ends when the link is back, or when its time is over", async () => {
  const [gap, late, kept] = [link.patience(60_000), link.patience(20), link.patience(60_000)];
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.deepEqual([gap.aborted, late.aborted], [false, true]);
  link.restored();
  assert.ok(gap.aborted && kept.aborted);
});

test("who is not let in any more is told so, for words and for Stop", async () => {
  const { host } = sendings(() => ({ status: 403, json: async () => JSON.parse("This needs the key") }));
  const why = "This page no longer has access. Load it again.";
  assert.deepEqual(await link.say(host, "hello", "receipt-6"), { taken: false, why });
  link.stop();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([link.stopping.state, link.stopping.text], ["refused", why]);
});
