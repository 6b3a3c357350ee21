import { Emitter } from "../../../js/emitter.js";
import { Relay } from "../../../js/relay.js";
import { Elsewhere } from "./elsewhere.js";
import { classify, VoiceError, wordsOf } from "./errors.js";
import { feelings, KNOWN, trimmed } from "./incoming.js";
import { Line } from "./socket.js";
import { Sound } from "./sound.js";
import { Utterance } from "./utterance.js";

const ANSWER_WITHIN = 20000; // ms that an answer is awaited before the moment counts as quiet

/** @typedef {import("./evi.d.ts").Incoming} Incoming */
/**
 * @typedef {object} Params
 * @property {boolean} push_to_talk
 * @property {number} handover_after Seconds.
 * @property {boolean} echo_cancellation
 * @property {boolean} noise_suppression
 * @property {boolean} auto_gain
 */
/** @typedef {import("../../../js/base.js").Host<Params>} VoiceHost */
/** @typedef {"off" | "starting" | "on" | "failed"} Phase */
/** @typedef {"off" | "connecting" | "ready" | "reconnecting" | "muted" | "asleep" | "failed"} VoiceState */

/** @type {Set<Phase>} */
const LIVE = new Set(["starting", "on"]);

/**
 * The voice of one page: sound and line brought together, and what Python is told of them.
 * Knows nothing of what it looks like: `ui.js` watches `change` and `devices`.
 *
 * @extends {Emitter<{change: [], devices: []}>}
 */
export class VoiceCore extends Emitter {
  /** @type {VoiceError | null} */
  error = null;
  feelings = ""; // how the last utterance sounded, by the service's measure
  #utterance = new Utterance();
  /** @type {Phase} */
  #phase = "off";
  #attempt = 0;
  #muted = false;
  #asleep = false;
  #pushed = false;
  #awaiting = 0; // until when an answer is expected
  #told = "";

  /** @param {VoiceHost} host */
  constructor(host) {
    super();
    this.host = host;
    this.relay = new Relay(host.adapter, {
      evi: ({ message }) => this.line.send(message),
      ticket: (ticket) => this.line.useTicket(ticket),
      command: (command) => this.command(command),
    });
    this.sound = this.#makeSound();
    this.line = this.#makeLine();
    this.elsewhere = new Elsewhere(() => this.#takenOver());
    this.unfollow = host.param("push_to_talk").subscribe(() => this.#gate());
    this.#tell();
  }

  /** @returns {VoiceState} */
  get state() {
    if (this.#phase !== "on") return this.#phase === "starting" ? "connecting" : this.#phase;
    if (this.line.state !== "ready") return this.line.state;
    if (this.#asleep) return "asleep";
    return this.#muted ? "muted" : "ready";
  }

  get muted() {
    return this.#muted || this.#asleep;
  }

  get pushToTalk() {
    return this.host.param("push_to_talk").value;
  }

  get pushed() {
    return this.#pushed;
  }

  /** One gesture starts everything: microphone, loudspeaker, line. Again: unmutes. */
  async start() {
    if (this.#phase === "on" || this.#phase === "starting") return this.unmute();
    this.#attempt += 1;
    const attempt = this.#attempt;
    const stale = () => attempt !== this.#attempt;
    this.error = null;
    this.#phase = "starting";
    this.#muted = this.#asleep = false;
    this.#tell();
    try {
      await this.sound.open(stale);
      if (!stale()) this.#begin();
    } catch (error) {
      if (!stale()) this.#fail(classify(error));
    }
  }

  close() {
    this.#attempt += 1;
    this.#shut("off", null);
  }

  /** The microphone is off; silence is sent, so that the service sees the turn end. */
  mute() {
    if (!LIVE.has(this.#phase) || this.#muted) return;
    this.#muted = true;
    this.#quieten();
    this.#tell();
  }

  /** The microphone is off and nothing is sent, until `wake`. What is said to the person still sounds. */
  sleep() {
    if (!LIVE.has(this.#phase) || this.#asleep) return;
    this.#asleep = true;
    this.#utterance.understood();
    this.#quieten();
    this.#tell();
  }

  /** Ends mute and sleep. */
  async unmute() {
    if (!LIVE.has(this.#phase) || !this.muted) return;
    this.#muted = this.#asleep = false;
    this.#tell();
    if (this.#phase === "on") await this.sound.listen();
  }

  /** Push-to-talk: pushed or let go. @param {boolean} on */
  push(on) {
    if (this.#pushed === on) return;
    this.#pushed = on;
    this.#gate();
  }

  /** @param {boolean} on */
  setPushToTalk(on) {
    this.host.set("push_to_talk", on);
  }

  /** What Python presses. @param {{name: string, kind?: string, reason?: string}} command */
  command({ name, kind, reason }) {
    /** @type {Record<string, () => unknown>} */
    const acts = {
      start: () => this.start(),
      close: () => (reason === "taken_over" ? this.#takenOver() : this.close()),
      mute: () => this.mute(),
      unmute: () => this.unmute(),
      flush: () => this.sound.flush(),
      restore: () => this.sound.restore(),
      sleep: () => this.sleep(),
      wake: () => this.unmute(),
      chime: () => this.sound.chime(kind),
    };
    const act = Object.hasOwn(acts, name) && acts[name];
    if (act) void act();
    else this.relay.log("warning", `unknown command: ${name}`);
  }

  dispose() {
    this.unfollow();
    this.close();
    this.sound.dispose();
    this.line.dispose();
    this.elsewhere.dispose();
    this.relay.flush();
    this.relay.close();
  }

  #makeSound() {
    const { host, relay } = this;
    const sound = new Sound({
      echoCancellation: host.param("echo_cancellation").value,
      noiseSuppression: host.param("noise_suppression").value,
      autoGainControl: host.param("auto_gain").value,
    });
    sound.on("frame", (pcm) => this.#frame(pcm));
    sound.on("speech", (on, late) => {
      this.#utterance.speech(on);
      relay.emit({ type: "local.speech", on, late });
      queueMicrotask(() => relay.flush()); // with the ducking that follows at once
    });
    sound.on("duck", (on) => relay.emit({ type: "local.duck", on }));
    sound.on("play", (play) => relay.emit({ type: "local.play", ...play }));
    sound.on("log", (level, text) => relay.log(level, text));
    sound.on("trouble", (error) => {
      if (this.#phase === "on") this.#fail(error);
    });
    sound.on("devices", () => this.emit("devices"));
    sound.on("hint", () => this.emit("change"));
    return sound;
  }

  #makeLine() {
    const line = new Line({
      handoverAfter: this.host.param("handover_after").value,
      isQuiet: () => !this.sound.speaking && !this.sound.playing && performance.now() > this.#awaiting,
      base: globalThis.document?.baseURI,
    });
    line.on("ticket", (reason) => this.relay.emit({ type: "local.need_ticket", reason }));
    line.on("log", (level, text) => this.relay.log(level, text));
    line.on("message", (message) => this.#receive(message));
    line.on("state", (state, error) => this.#lineState(state, error));
    return line;
  }

  /** While the voice starts, the device is not ours yet: `#begin` does it. */
  #quieten() {
    if (this.#phase === "on") this.sound.silence();
  }

  #begin() {
    this.#phase = "on";
    if (this.muted) {
      this.#quieten();
      this.#utterance = new Utterance();
    }
    this.elsewhere.take();
    this.line.open();
  }

  /** @param {import("./socket.js").LineState} state @param {VoiceError | null} error */
  #lineState(state, error) {
    this.error = error;
    if (state === "ready") this.line.replay(this.#utterance.frames);
    if (state === "off" && this.#phase === "on") this.#shut(error ? "failed" : "off", error);
    else this.#tell();
  }

  /** @param {ArrayBuffer} pcm */
  #frame(pcm) {
    if (!this.#asleep) {
      this.#utterance.push(pcm, this.line.state === "ready");
      this.line.sendAudio(pcm);
    }
    this.relay.flush();
  }

  /** One message from the service; whatever it holds, the conversation goes on. @param {Incoming} message */
  #receive(message) {
    try {
      this.#act(message);
    } catch (error) {
      this.relay.log("warning", `${message.type} not understood: ${wordsOf(error)}`);
    }
    if (KNOWN.has(message.type)) this.relay.emit(trimmed(message));
  }

  /** @param {Incoming} message */
  #act(message) {
    const { speaker } = this.sound;
    if (message.type === "audio_output") speaker.accept(message);
    else if (message.type === "assistant_message") speaker.announce(message.id);
    else if (message.type === "assistant_end") this.#answered();
    else if (message.type === "user_interruption") this.#interrupted();
    else if (message.type === "user_message") this.#heard(message);
    else if (message.type !== "assistant_prosody" && !KNOWN.has(message.type)) throw new Error("unknown type");
  }

  /** @param {import("./evi.d.ts").UserMessage} message */
  #heard(message) {
    this.#awaiting = performance.now() + ANSWER_WITHIN;
    if (!message.interim && !message.from_text) this.#utterance.understood();
    const found = feelings(message);
    if (found === this.feelings) return;
    this.feelings = found;
    this.emit("change");
  }

  /** Hume goes by how long a sound is: Python decides by what is said, and presses flush or restore. */
  #interrupted() {
    if (this.line.provider === "hume") this.sound.contest();
    else this.sound.flush();
  }

  #answered() {
    this.#awaiting = 0;
    this.sound.speaker.end();
  }

  #gate() {
    this.sound.gate(!this.pushToTalk || this.#pushed);
    this.emit("change");
  }

  #takenOver() {
    if (LIVE.has(this.#phase)) this.#fail(new VoiceError("taken_over"));
  }

  /** @param {VoiceError} error */
  #fail(error) {
    this.#attempt += 1;
    this.#shut("failed", error);
  }

  /** @param {Phase} phase @param {VoiceError | null} error */
  #shut(phase, error) {
    this.#phase = phase;
    this.error = error;
    this.#utterance = new Utterance();
    this.sound.close();
    if (this.line.state !== "off") this.line.close(error);
    this.#tell();
  }

  #tell() {
    /** @type {import("../../../js/relay.js").Event} */
    const event = { type: "local.state", state: this.state };
    if (this.line.provider) event.provider = this.line.provider;
    if (this.line.chat) event.chat_id = this.line.chat.chat_id;
    if (this.error) event.error = this.error.toJSON();
    const told = JSON.stringify(event);
    if (told !== this.#told) this.relay.emit(event);
    this.#told = told;
    this.emit("change");
  }
}
