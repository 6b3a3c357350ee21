import assert from "node:assert/strict";
import { test } from "node:test";

import { Ducking } from "../../../dashboard/voice/client/js/ducking.js";
import { Line } from "../../../dashboard/voice/client/js/socket.js";
import { Speaker } from "../../../dashboard/voice/client/js/speaker.js";
import { stoppedClock } from "./clock.js";

globalThis.addEventListener ??= () => {};
globalThis.removeEventListener ??= () => {};

/** What the line opens; the test says what comes. */
class Socket {
  static OPEN = 1;
  static all = [];
  readyState = 0;
  bufferedAmount = 0;
  sent = [];

  constructor(url) {
    this.url = url;
    Socket.all.push(this);
  }

  send(data) {
    this.sent.push(typeof data === "string" ? JSON.parse(data) : data);
  }

  close() {
    this.readyState = 3;
  }

  open(chat) {
    this.readyState = 1;
    this.onopen();
    this.say({ type: "chat_metadata", chat_id: chat, chat_group_id: "group" });
  }

  say(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  end(code, reason = "") {
    this.onclose({ code, reason });
  }
}
globalThis.WebSocket = Socket;

const TICKET = { url: "wss://voice.test/chat", query: {}, settings: { system_prompt: "Be brief." }, provider: "hume" };

/** A line, with what it told; each ticket that it asks for is given at once. */
function line(t, { quiet = () => true, ticket = () => TICKET } = {}) {
  const pass = stoppedClock(t);
  Socket.all.length = 0;
  const told = { states: [], reasons: [], messages: [] };
  const made = new Line({ handoverAfter: 60, isQuiet: quiet, base: "https://page.test/" });
  made.on("state", (state, error) => told.states.push(error ? `${state}: ${error.code}` : state));
  made.on("message", (message) => told.messages.push(message.type));
  made.on("ticket", (reason) => {
    told.reasons.push(reason);
    made.useTicket(ticket(told.reasons.length));
  });
  t.after(() => made.dispose());
  return { line: made, told, newest: () => Socket.all.at(-1), pass };
}

test("settings are told to each new chat, and what was to be said waits for the first", (t) => {
  const { line: one, told, newest } = line(t);
  one.open();
  one.send({ type: "user_input", text: "hello" });
  assert.deepEqual(newest().sent, []);
  newest().open("a");
  const settings = { type: "session_settings", system_prompt: "Be brief." };
  assert.deepEqual(newest().sent, [settings, { type: "user_input", text: "hello" }]);
  assert.deepEqual(told.states, ["connecting", "ready"]);
  assert.equal(one.provider, "hume");
});

test("a broken chat is resumed on a fresh ticket", (t) => {
  const { line: one, told, newest, pass } = line(t);
  one.open();
  newest().open("a");
  newest().end(1006);
  assert.deepEqual(told.states.at(-1), "reconnecting: connection_lost");
  pass(1000);
  assert.deepEqual(told.reasons, ["start", "reconnect"]);
  assert.equal(new URL(newest().url).searchParams.get("resumed_chat_group_id"), "group");
  newest().open("b");
  assert.equal(one.chat.chat_id, "b");
});

test("a chat is handed over in a quiet moment, and the old one ends when the new one stands", (t) => {
  let quiet = false;
  const { line: one, told, newest, pass } = line(t, { quiet: () => quiet });
  one.open();
  newest().open("a");
  const [old] = Socket.all;
  pass(60000);
  assert.deepEqual(told.reasons, ["start"]);
  quiet = true;
  pass(250);
  assert.deepEqual(told.reasons, ["start", "handover"]);
  assert.equal(old.readyState, 1);
  newest().open("b");
  assert.deepEqual([old.readyState, one.state, one.chat.chat_id], [3, "ready", "b"]);
});

test("a refused ticket is tried afresh once, then the person is told", (t) => {
  const { line: one, told, newest, pass } = line(t);
  one.open();
  newest().end(4401, "expired");
  pass(1000);
  newest().end(4401, "expired");
  assert.deepEqual(told.reasons, ["start", "reconnect"]);
  assert.equal(told.states.at(-1), "off: auth");
});

test("without credit no further chat is tried", (t) => {
  const { line: one, told, newest, pass } = line(t);
  one.open();
  newest().say({ type: "error", code: "E0300", slug: "zero_credits", message: "none left" });
  newest().end(1000);
  pass(60000);
  assert.deepEqual([told.states.at(-1), told.reasons], ["off: quota", ["start"]]);
});

test("a service that never answers is given up after four tries", (t) => {
  const { line: one, told, newest, pass } = line(t);
  one.open();
  for (let i = 0; i < 4; i += 1) {
    newest().end(1006);
    pass(15000);
  }
  assert.equal(told.states.at(-1), "off: socket_refused");
  assert.equal(told.reasons.length, 4);
});

test("a lasting context is told again, one for a moment is not", (t) => {
  const { line: one, newest, pass } = line(t);
  one.open();
  newest().open("a");
  one.send({ type: "session_settings", context: { text: "now", type: "temporary" } });
  newest().end(1006);
  pass(1000);
  newest().open("b");
  assert.equal(newest().sent[0].context, undefined);
  one.send({ type: "session_settings", context: { text: "always", type: "persistent" } });
  newest().end(1006);
  pass(1000);
  newest().open("c");
  assert.equal(newest().sent[0].context.text, "always");
});

/** A loudspeaker whose worklet is a list of what it was told. */
function loudspeaker() {
  const speaker = new Speaker();
  const port = { orders: [], postMessage: (order) => port.orders.push(order) };
  const plays = [];
  speaker.on("play", ({ id, state }) => plays.push(`${id} ${state}`));
  speaker.attach({ port });
  const data = Buffer.from(Int16Array.of(1, 2, 3).buffer).toString("base64");
  const chunk = (id, index) => speaker.accept({ type: "audio_output", id, index, data });
  const notice = (state, id) => port.onmessage({ data: { type: "notice", state, id, samples: 3, rate: 48000 } });
  return { speaker, port, plays, chunk, notice, kinds: () => port.orders.map(({ type, id }) => (id ? `${type} ${id}` : type)) };
}

test("what is cut stays cut, whatever of it still arrives", () => {
  const { speaker, plays, chunk, notice, kinds } = loudspeaker();
  speaker.announce("later");
  chunk("a", 0);
  assert.ok(speaker.playing);
  speaker.flush();
  notice("cut", "a");
  chunk("a", 1);
  chunk("later", 0);
  assert.deepEqual(kinds(), ["end", "audio a", "flush"]);
  assert.deepEqual(plays, ["later cut", "a cut"]);
  assert.ok(!speaker.playing);
});

test("a message is complete when the next one begins", () => {
  const { port, chunk } = loudspeaker();
  chunk("a", 0);
  chunk("b", 0);
  assert.deepEqual(port.orders.find(({ type }) => type === "end").ids, ["a"]);
});

test("sound that cannot be read is an error, and the next is played", () => {
  const { speaker, chunk, kinds } = loudspeaker();
  assert.throws(() => speaker.accept({ type: "audio_output", id: "a" }));
  chunk("b", 0);
  assert.deepEqual(kinds(), ["audio b"]);
});

test("the loudspeaker is lowered while the person speaks over it, three seconds at most", (t) => {
  const pass = stoppedClock(t);
  const told = [];
  const ducking = new Ducking((on) => told.push(on));
  ducking.speech(true, false);
  assert.deepEqual(told, []);
  ducking.speech(true, true);
  pass(2999);
  assert.deepEqual(told, [true]);
  pass(1);
  assert.deepEqual(told, [true, false]);
  ducking.speech(true, true);
  pass(200);
  ducking.speech(false, true);
  pass(799);
  assert.deepEqual(told, [true, false, true]);
  pass(1);
  assert.deepEqual(told, [true, false, true, false]);
});
