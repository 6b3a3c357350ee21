import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";

import { Relay } from "../../../dashboard/js/relay.js";
import { Clip } from "../../../dashboard/voice/client/js/clip.js";
import { chatUrl } from "../../../dashboard/voice/client/js/connection.js";
import { classify } from "../../../dashboard/voice/client/js/errors.js";
import { Health } from "../../../dashboard/voice/client/js/health.js";
import { trimmed } from "../../../dashboard/voice/client/js/incoming.js";
import { Resampler } from "../../../dashboard/voice/client/js/resample.js";
import { Sequence } from "../../../dashboard/voice/client/js/sequence.js";
import { Utterance } from "../../../dashboard/voice/client/js/utterance.js";
import { SpeechGate } from "../../../dashboard/voice/client/js/vad.js";
import { parseWav } from "../../../dashboard/voice/client/js/wav.js";

globalThis.crypto ??= webcrypto; // Node.js 18 has it only here

const tone = (frequency, rate, seconds, level = 0.5) =>
  Float32Array.from({ length: rate * seconds }, (_, i) => level * Math.sin((2 * Math.PI * frequency * i) / rate));

const rms = (data) => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);

function resampled(data, from, to, piece = 128) {
  const resampler = new Resampler(from, to);
  const out = [];
  for (let i = 0; i < data.length; i += piece) out.push(...resampler.process(data.subarray(i, i + piece)));
  return Float32Array.from(out);
}

for (const from of [44100, 48000, 96000, 8000]) {
  test(`${from} Hz becomes 16 kHz with its tones in place`, () => {
    const out = resampled(tone(1000, from, 1), from, 16000);
    assert.ok(Math.abs(out.length - 16000) < 60, `${out.length}`);
    const ideal = tone(1000, 16000, 1);
    const error = out.subarray(200, 15500).map((x, i) => x - ideal[i + 200]);
    assert.ok(rms(error) < 0.002, `${rms(error)}`);
  });
}

test("what 16 kHz cannot hold is filtered, not folded back", () => {
  const out = resampled(tone(12000, 48000, 1), 48000, 16000);
  assert.ok(rms(out.subarray(200)) < 0.001);
});

test("the size of the pieces makes no difference", () => {
  const data = tone(700, 44100, 0.5);
  const [small, large] = [128, 1000].map((piece) => resampled(data, 44100, 16000, piece));
  const shared = Math.min(small.length, large.length);
  assert.ok(small.subarray(0, shared).every((x, i) => Math.abs(x - large[i]) < 1e-6));
});

function wav({ rate = 48000, channels = 1, bits = 16, code = 1, size, data }) {
  const view = new DataView(new ArrayBuffer(44 + data.byteLength));
  const text = (at, word) => [...word].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, code, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, rate, true);
  view.setUint16(34, bits, true);
  text(36, "data");
  view.setUint32(40, size ?? data.byteLength, true);
  new Uint8Array(view.buffer, 44).set(new Uint8Array(data));
  return new Uint8Array(view.buffer);
}

test("WAV of several kinds is read, also with a size not known when it was written", () => {
  const pcm16 = Int16Array.of(0, 16384, -32768, 32767).buffer;
  const read = parseWav(wav({ rate: 24000, data: pcm16, size: 0xffffffff }));
  assert.equal(read.rate, 24000);
  assert.deepEqual([...read.pcm].map((x) => Math.round(x * 100) + 0), [0, 50, -100, 100]);
  const stereo = parseWav(wav({ channels: 2, data: pcm16 }));
  assert.deepEqual([...stereo.pcm].map((x) => Math.round(x * 100) + 0), [25, 0]);
  const float = parseWav(wav({ code: 3, bits: 32, data: Float32Array.of(0.25, -1).buffer }));
  assert.deepEqual([...float.pcm], [0.25, -1]);
  const eight = parseWav(wav({ bits: 8, data: Uint8Array.of(128, 255).buffer }));
  assert.deepEqual([...eight.pcm].map((x) => Math.round(x)), [0, 1]);
});

test("bytes without a header are samples; a WAV without samples is an error", () => {
  const bare = parseWav(new Uint8Array(Int16Array.of(16384).buffer), 24000);
  assert.deepEqual([bare.rate, bare.pcm[0]], [24000, 0.5]);
  assert.throws(() => parseWav(wav({ bits: 12, data: new ArrayBuffer(4) })));
  assert.throws(() => parseWav(wav({ data: new ArrayBuffer(0) }).subarray(0, 36)));
});

test("chunks leave in order; a gap ends when the message does", () => {
  const out = [];
  const sequence = new Sequence((id, item) => out.push(id + item));
  sequence.add("a", 1, 1);
  sequence.add("b", 0, 0);
  sequence.add("a", 0, 0);
  sequence.add("a", 4, 4);
  sequence.add("a", 3, 3);
  assert.deepEqual(out, ["b0", "a0", "a1"]);
  sequence.close("a");
  assert.deepEqual(out.slice(3), ["a3", "a4"]);
});

test("a clip counts what it gave, exactly, at any rate", () => {
  for (const out of [16000, 24000, 44100, 48000]) {
    const clip = new Clip("a", 24000, out);
    for (let i = 0; i < 5; i += 1) clip.append(tone(300, 24000, 0.1));
    const block = new Float32Array(128);
    let given = 0;
    for (let at = 128; at === 128; given += at) at = clip.read(block, 0, true);
    assert.equal(clip.played, 12000);
    assert.ok(Math.abs(given - out / 2) <= 1, `${given}`);
  }
});

function gated(gate, seconds, level, rate = 16000) {
  const changes = [];
  for (let hop = 0; hop < seconds * 100; hop += 1) {
    const data = Float32Array.from({ length: rate / 100 }, () => level * (2 * Math.random() - 1));
    const change = gate.push(data);
    if (change !== null) changes.push([change, hop]);
  }
  return changes;
}

test("speech over a room is noticed within 40 ms, its end within half a second", () => {
  const gate = new SpeechGate();
  assert.deepEqual(gated(gate, 2, 0.001), []);
  const [[on, hop]] = gated(gate, 1, 0.1);
  assert.ok(on && hop <= 3);
  const [[still, after]] = gated(gate, 1, 0.001);
  assert.ok(!still && after <= 50);
});

test("while something plays, what the echo canceller leaves does not count, a voice does", () => {
  const gate = new SpeechGate();
  gated(gate, 2, 0.001);
  gate.playing = true;
  assert.deepEqual(gated(gate, 3, 0.008), []);
  assert.equal(gated(gate, 1, 0.15)[0][0], true);
});

test("noise that stays is no longer taken for speech after a while", () => {
  const gate = new SpeechGate();
  gated(gate, 2, 0.0005);
  assert.equal(gated(gate, 20, 0.02).at(-1)[0], false);
  assert.deepEqual(gated(gate, 5, 0.02), []);
});

test("the chat's address carries ticket, audio format and the chat to resume", () => {
  const ticket = { url: "/voice/v0/evi/chat", query: { access_token: "a&b", config_id: null } };
  const url = new URL(chatUrl(ticket, "group", "http://localhost:5006/dashboard"));
  assert.equal(url.origin + url.pathname, "ws://localhost:5006/voice/v0/evi/chat");
  assert.equal(url.searchParams.get("access_token"), "a&b");
  assert.equal(url.searchParams.get("resumed_chat_group_id"), "group");
  assert.equal(url.searchParams.get("session_settings[audio][sample_rate]"), "16000");
  assert.ok(!url.searchParams.has("config_id"));
  assert.ok(chatUrl({ url: "/x", query: {} }, null, "https://host/").startsWith("wss://host/x?"));
});

test("the chat's address is below whatever a proxy has put before the page", () => {
  const url = chatUrl({ url: "voice/v0/evi/chat", query: {} }, null, "https://host/tools/sayso/dashboard?x=1");
  assert.ok(url.startsWith("wss://host/tools/sayso/voice/v0/evi/chat?"));
});

test("what the browser throws has a code and advice", () => {
  const of = (name) => classify(Object.assign(new Error("x"), { name })).code;
  assert.deepEqual(
    ["NotAllowedError", "NotFoundError", "NotReadableError", "TypeError"].map(of),
    ["permission_denied", "no_device", "device_busy", "unknown"],
  );
  assert.ok(classify(new Error("x")).advice.length > 0);
});

test("scores are cut to three; anything else passes as it is", () => {
  const scores = { a: 1, b: 3, c: 2, d: 4, e: "x" };
  assert.deepEqual(trimmed({ models: { prosody: { scores } } }).models.prosody.scores, { d: 4, b: 3, c: 2 });
  const odd = { models: { prosody: { scores: null } } };
  assert.equal(trimmed(odd), odd);
});

test("a microphone that gives nothing, or too much, is noticed, and that it is well again", () => {
  const health = new Health();
  const feed = (level, clips) => Array.from({ length: 260 }, () => health.push(level, clips)).filter(Boolean).length;
  assert.equal(feed(0.01, false), 0);
  assert.equal(feed(0, false) + feed(0, false), 1);
  assert.equal(health.hint, "silent");
  assert.equal(feed(0.9, true) + feed(0.9, true), 2);
  assert.equal(health.hint, "clipping");
  assert.ok(health.reset());
  assert.equal(health.hint, null);
});

test("events lost with the page's socket are sent again when asked for", () => {
  const sent = [];
  let up = true;
  let receive;
  const adapter = {
    on: (_what, listener) => (receive = listener),
    send: (batch) => {
      if (!up) throw new Error("not connected");
      sent.push(batch);
    },
  };
  const relay = new Relay(adapter, {});
  const say = (type) => {
    relay.emit({ type });
    relay.flush();
  };
  say("one");
  up = false;
  say("two");
  up = true;
  say("three");
  receive({ type: "resend", after: 1 });
  const numbers = sent.map(({ events, resent }) => [events.map(({ n }) => n), Boolean(resent)]);
  assert.deepEqual(numbers, [[[1], false], [[3], false], [[2, 3], true]]);
  assert.equal(new Set(sent.map(({ page }) => page)).size, 1);
});

function heard(utterance, from, count, live = true) {
  for (let i = from; i < from + count; i += 1) utterance.push(i, live);
}

test("an utterance is kept, from before it was noticed, until it is understood", () => {
  const utterance = new Utterance();
  heard(utterance, 0, 100);
  assert.deepEqual(utterance.frames, []);
  utterance.speech(true);
  heard(utterance, 100, 30);
  assert.equal(utterance.frames[0], 75);
  assert.equal(utterance.frames.at(-1), 129);
  utterance.understood();
  assert.deepEqual(utterance.frames, []);
});

test("sound without a transcript is forgotten soon, but not while nobody listens", () => {
  for (const [live, left] of [[true, 0], [false, 90]]) {
    const utterance = new Utterance();
    utterance.speech(true);
    heard(utterance, 0, 40, live);
    utterance.speech(false);
    heard(utterance, 40, 200, live);
    assert.equal(utterance.frames.length, left);
    heard(utterance, 240, 1000, live);
    assert.deepEqual(utterance.frames, []);
  }
});
