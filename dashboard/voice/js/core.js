import { Audio } from "./audio.js";
import { Ducking } from "./ducking.js";
import { Elsewhere } from "./elsewhere.js";
import { Emitter } from "../../js/emitter.js";
import { VoiceError, classify } from "./errors.js";
import { HINTS, Health } from "./health.js";
import { KNOWN, trimmed } from "./incoming.js";
import { Microphone } from "./microphone.js";
import { Relay } from "../../js/relay.js";
import { Line } from "./socket.js";
import { Speaker } from "./speaker.js";
import * as store from "./store.js";

const ANSWER_WITHIN = 20000; // ms that an answer is awaited before the moment counts as quiet

/**
 * The voice of one page: microphone, loudspeaker and line, and what Python is told of them.
 * Knows nothing of what it looks like: `ui.js` watches `change` and reads `levels`.
 */
export class VoiceCore extends Emitter {
  levels = { input: 0, output: 0 };
  error = null;
  #phase = "off"; // "off" | "starting" | "on" | "failed"
  #attempt = 0;
  #muted = false;
  #asleep = false;
  #pushed = false;
  #speaking = false;
  #awaiting = 0; // until when an answer is expected
  #told = "";

  constructor(adapter) {
    super();
    this.adapter = adapter;
    this.relay = new Relay(adapter, {
      evi: ({ message }) => this.line.send(message),
      ticket: (ticket) => this.line.useTicket(ticket),
      command: (command) => this.command(command),
    });
    this.speaker = this.#makeSpeaker();
    this.microphone = this.#makeMicrophone();
    this.audio = new Audio({ onState: (state) => this.#audioState(state) });
    this.line = this.#makeLine();
    this.ducking = new Ducking((on) => this.#duck(on));
    this.health = new Health();
    this.elsewhere = new Elsewhere(() => this.#phase !== "off" && this.#fail(new VoiceError("taken_over")));
    this.onVisible = () => document.visibilityState === "visible" && void this.audio.resume();
    document.addEventListener("visibilitychange", this.onVisible);
    adapter.on("change:push_to_talk", () => this.#gate());
    this.#gate();
    this.#tell();
  }

  get state() {
    if (this.#phase !== "on") return { starting: "connecting" }[this.#phase] ?? this.#phase;
    if (this.line.state !== "ready") return this.line.state;
    return this.#asleep ? "asleep" : this.#muted ? "muted" : "ready";
  }

  get muted() {
    return this.#muted || this.#asleep;
  }

  get pushToTalk() {
    return Boolean(this.adapter.get("push_to_talk"));
  }

  /** What is wrong with the microphone's sound, in words, or "". */
  get hint() {
    return HINTS[this.health.hint] ?? "";
  }

  get pushed() {
    return this.#pushed;
  }

  /** One gesture starts everything: microphone, sound, line. Again: unmutes. */
  async start() {
    if (this.#phase === "on" || this.#phase === "starting") return this.unmute();
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.error = null;
    this.#phase = "starting";
    this.#muted = this.#asleep = false;
    this.#tell();
    try {
      await this.#openSound(() => attempt !== this.#attempt);
    } catch (error) {
      if (attempt === this.#attempt) this.#fail(classify(error));
    }
  }

  async #openSound(stale) {
    const stream = await this.microphone.open();
    if (stale()) return this.microphone.stop();
    await this.audio.open(this.outputId);
    if (stale()) return;
    this.audio.capture.port.onmessage = ({ data }) => this.#captured(data);
    this.speaker.attach(this.audio.player);
    this.audio.listenTo(stream);
    this.#phase = "on";
    this.elsewhere.take();
    this.line.open();
    this.emit("devices");
  }

  close() {
    this.#attempt += 1;
    this.#shut("off", null);
  }

  /** Stops the device itself: the browser's indicator goes out. Silence flows on. */
  mute() {
    if (this.#phase !== "on" || this.#muted) return;
    this.#muted = true;
    this.#silence();
  }

  async unmute() {
    if (this.#phase !== "on" || !(this.#muted || this.#asleep)) return;
    if (this.#asleep) return this.wake();
    this.#muted = false;
    await this.#listen();
  }

  /** The microphone is off and nothing is sent, until `wake`. What is said to the person still sounds. */
  sleep() {
    if (this.#phase !== "on" || this.#asleep) return;
    this.#asleep = true;
    this.#silence();
  }

  async wake() {
    if (this.#phase !== "on" || !this.#asleep) return;
    this.#asleep = this.#muted = false;
    await this.#listen();
  }

  /** Cuts the assistant's voice. */
  flush() {
    this.speaker.flush();
    this.ducking.reset();
  }

  chime(kind) {
    if (this.audio.running) this.audio.chime(kind);
    else this.relay.log("info", "no chime: sound is not running");
  }

  /** Push-to-talk: pushed or let go. */
  push(on) {
    if (this.#pushed === on) return;
    this.#pushed = on;
    this.#gate();
  }

  setPushToTalk(on) {
    this.adapter.set("push_to_talk", on);
    this.#gate();
  }

  async setInput(id) {
    this.microphone.deviceId = id;
    store.save("input", id);
    if (this.#phase === "on" && !this.muted) await this.#listen();
  }

  async setOutput(id) {
    this.outputId = id;
    store.save("output", id);
    try {
      await this.audio.setSink(id);
    } catch (error) {
      this.relay.log("error", new VoiceError("output_failed", error?.message).message);
    }
  }

  command({ name, kind }) {
    const act = {
      start: () => this.start(),
      close: () => this.close(),
      mute: () => this.mute(),
      unmute: () => this.unmute(),
      flush: () => this.flush(),
      sleep: () => this.sleep(),
      wake: () => this.wake(),
      chime: () => this.chime(kind),
    }[name];
    if (act) void act();
    else this.relay.log("warning", `unknown command: ${name}`);
  }

  dispose() {
    this.close();
    this.microphone.dispose();
    this.line.dispose();
    this.elsewhere.dispose();
    document.removeEventListener("visibilitychange", this.onVisible);
    this.relay.flush();
  }

  #makeSpeaker() {
    const speaker = new Speaker();
    speaker.on("level", (level) => (this.levels.output = level));
    speaker.on("play", (play) => {
      const latency = Math.round((this.audio?.latency ?? 0) * 1000);
      this.relay.emit({ type: "local.play", ...play, latency });
    });
    speaker.on("playing", (on) => {
      this.audio.capture?.port.postMessage({ type: "playing", on });
      if (!on) this.ducking.reset();
    });
    return speaker;
  }

  #makeMicrophone() {
    const { adapter } = this;
    const microphone = new Microphone({
      echoCancellation: adapter.get("echo_cancellation"),
      noiseSuppression: adapter.get("noise_suppression"),
      autoGainControl: adapter.get("auto_gain"),
    });
    microphone.deviceId = store.load("input");
    this.outputId = store.load("output");
    microphone.on("devices", () => this.emit("devices"));
    microphone.on("lost", () => void this.#lost());
    return microphone;
  }

  #makeLine() {
    const line = new Line({
      handoverAfter: this.adapter.get("handover_after"),
      isQuiet: () => !this.#speaking && !this.speaker.playing && performance.now() > this.#awaiting,
      base: globalThis.location?.href,
    });
    line.on("ticket", (reason) => this.relay.emit({ type: "local.need_ticket", reason }));
    line.on("log", (level, text) => this.relay.log(level, text));
    line.on("message", (message) => this.#receive(message));
    line.on("state", (state, error) => this.#lineState(state, error));
    return line;
  }

  #lineState(state, error) {
    this.error = error;
    if (state === "off" && this.#phase === "on") this.#shut(error ? "failed" : "off", error);
    else this.#tell();
  }

  #audioState(state) {
    if (this.#phase !== "on" || state === "running" || state === "closed") return;
    this.relay.log("warning", `sound is ${state}`);
    void this.audio.resume();
  }

  /** One message from the service; whatever it holds, the conversation goes on. */
  #receive(message) {
    try {
      this.#act(message);
    } catch (error) {
      this.relay.log("warning", `${message.type} not understood: ${error?.message ?? error}`);
    }
    if (KNOWN.has(message.type)) this.relay.emit(trimmed(message));
  }

  #act(message) {
    const { type } = message;
    if (type === "audio_output") this.speaker.accept(message);
    else if (type === "assistant_message") this.speaker.announce(message.id);
    else if (type === "assistant_end") this.#answered();
    else if (type === "user_interruption") this.flush();
    else if (type === "user_message") this.#awaiting = performance.now() + ANSWER_WITHIN;
    else if (type !== "assistant_prosody" && !KNOWN.has(type)) throw new Error("unknown type");
  }

  #answered() {
    this.#awaiting = 0;
    this.speaker.end();
  }

  #captured(data) {
    if (data.type === "speech") {
      this.#speech(data.on);
      return;
    }
    this.levels.input = this.muted ? 0 : data.level;
    this.#examine(data);
    if (!this.#asleep) this.line.sendAudio(data.pcm);
    this.relay.flush();
  }

  /** Tells, once, when the microphone gives nothing or too much. */
  #examine({ level, clips }) {
    const closed = this.muted || (this.pushToTalk && !this.#pushed);
    if (!(closed ? this.health.reset() : this.health.push(level, clips))) return;
    if (this.health.hint) this.relay.log("warning", this.hint);
    this.emit("change");
  }

  #speech(on) {
    this.ducking.speech(on, this.speaker.playing);
    this.#speaking = on;
    this.relay.emit({ type: "local.speech", on });
    this.relay.flush();
  }

  #duck(on) {
    this.speaker.duck(on);
    this.relay.emit({ type: "local.duck", on });
  }

  #gate() {
    this.microphone.gate(!this.pushToTalk || this.#pushed);
    this.emit("change");
  }

  #silence() {
    this.microphone.stop();
    this.audio.listenTo(null);
    this.#tell();
  }

  async #listen() {
    const attempt = this.#attempt;
    this.#tell();
    try {
      const stream = await this.microphone.open();
      if (attempt !== this.#attempt || this.muted) this.microphone.stop();
      else this.audio.listenTo(stream);
    } catch (error) {
      if (attempt === this.#attempt) this.#fail(classify(error));
    }
  }

  async #lost() {
    this.relay.log("warning", "the microphone went away");
    this.microphone.deviceId = "";
    const attempt = this.#attempt;
    try {
      this.audio.listenTo(await this.microphone.open());
    } catch {
      if (attempt === this.#attempt) this.#fail(new VoiceError("device_lost"));
    }
  }

  #fail(error) {
    this.#attempt += 1;
    this.#shut("failed", error);
  }

  #shut(phase, error) {
    this.#phase = phase;
    this.error = error;
    this.flush();
    if (this.line.state !== "off") this.line.close(error);
    this.microphone.stop();
    this.audio.close();
    this.health.reset();
    Object.assign(this.levels, { input: 0, output: 0 });
    this.#tell();
  }

  #tell() {
    const event = { type: "local.state", state: this.state };
    if (this.line?.provider) event.provider = this.line.provider;
    if (this.line?.chat) event.chat_id = this.line.chat.chat_id;
    if (this.error) event.error = this.error.toJSON();
    const told = JSON.stringify(event);
    if (told !== this.#told) this.relay.emit(event);
    this.#told = told;
    this.emit("change");
  }
}
