import { Emitter } from "../../../js/emitter.js";
import { Audio } from "./audio.js";
import { Ducking } from "./ducking.js";
import { classify, VoiceError, wordsOf } from "./errors.js";
import { Health, HINTS } from "./health.js";
import { Microphone } from "./microphone.js";
import { Speaker } from "./speaker.js";
import * as store from "./store.js";

const CONTESTED = 4000; // ms in which Python says whether what sounds was interrupted

/** @typedef {import("./capture.worklet.js").Captured} Captured */
/** @typedef {import("./speaker.js").Play} Play */
/**
 * @typedef {object} Events
 * @property {[pcm: ArrayBuffer]} frame PCM16.
 * @property {[on: boolean, late: number]} speech `late`: ms that it is told late.
 * @property {[on: boolean]} duck
 * @property {[play: Play & {latency: number}]} play
 * @property {[error: VoiceError]} trouble
 * @property {[level: import("../../../js/relay.js").Level, text: string]} log
 * @property {[]} devices
 * @property {[]} hint
 */

/**
 * Microphone and loudspeaker together.
 *
 * @extends {Emitter<Events>}
 */
export class Sound extends Emitter {
  levels = { input: 0, output: 0 };
  speaking = false;
  #open = false; // the microphone is wanted
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #contested = undefined;
  #pushed = true;

  /** @param {MediaTrackConstraints} processing The browser's own treatment of the microphone's sound. */
  constructor(processing) {
    super();
    this.microphone = new Microphone(processing);
    this.microphone.deviceId = store.load("input");
    this.microphone.on("devices", () => this.emit("devices"));
    this.microphone.on("lost", () => void this.#lost());
    this.speaker = this.#makeSpeaker();
    this.audio = new Audio({ onState: (state) => this.#audioState(state) });
    this.outputId = store.load("output");
    this.ducking = new Ducking((on) => this.#duck(on));
    this.health = new Health();
    this.onVisible = () => {
      if (document.visibilityState === "visible") void this.audio.resume();
    };
    document.addEventListener("visibilitychange", this.onVisible);
  }

  get playing() {
    return this.speaker.playing;
  }

  /** What is wrong with the microphone's sound, in words, or "". */
  get hint() {
    const { hint } = this.health;
    return hint ? HINTS[hint] : "";
  }

  /**
   * Opens microphone, then loudspeaker; throws a `VoiceError`.
   *
   * @param {() => boolean} stale Whether nobody wants it any more.
   */
  async open(stale) {
    this.#open = true;
    const stream = await this.microphone.open();
    if (stale()) return this.microphone.stop();
    await this.audio.open(this.outputId);
    const { capture, player } = this.audio;
    if (stale() || !capture || !player) return;
    capture.port.onmessage = ({ data }) => this.#captured(data);
    this.speaker.attach(player);
    this.audio.listenTo(stream);
    this.emit("devices");
  }

  /** Opens the microphone again, or another one; failure is `trouble`. */
  async listen() {
    this.#open = true;
    try {
      const stream = await this.microphone.open();
      if (this.#open) this.audio.listenTo(stream);
      else this.microphone.stop();
    } catch (error) {
      if (this.#open) this.emit("trouble", classify(error));
    }
  }

  /** Stops the device itself: the browser's indicator goes out. Silence flows on. */
  silence() {
    this.#open = false;
    this.microphone.stop();
    this.audio.listenTo(null);
  }

  /** Push-to-talk: lets sound through or not. @param {boolean} pushed */
  gate(pushed) {
    this.#pushed = pushed;
    this.microphone.gate(pushed);
  }

  /** The assistant may have been interrupted: it goes on, low, until that is clear. */
  contest() {
    clearTimeout(this.#contested);
    this.#contested = setTimeout(() => this.flush(), CONTESTED);
    this.ducking.contest(this.playing);
  }

  /** It was not: the assistant is as loud again as it was. */
  restore() {
    clearTimeout(this.#contested);
    this.ducking.reset();
  }

  /** Cuts the assistant's voice. */
  flush() {
    clearTimeout(this.#contested);
    this.speaker.flush();
    this.ducking.reset();
  }

  close() {
    this.#open = false;
    this.flush();
    this.microphone.stop();
    this.audio.close();
    this.health.reset();
    Object.assign(this.levels, { input: 0, output: 0 });
  }

  dispose() {
    this.close();
    this.microphone.dispose();
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  /** @param {string} [kind] */
  chime(kind) {
    if (this.audio.running) this.audio.chime(kind);
    else this.emit("log", "info", "no chime: sound is not running");
  }

  /** @param {string} id */
  async setInput(id) {
    this.microphone.deviceId = id;
    store.save("input", id);
    if (this.#open) await this.listen();
  }

  /** @param {string} id */
  async setOutput(id) {
    this.outputId = id;
    store.save("output", id);
    try {
      await this.audio.setSink(id);
    } catch (error) {
      this.emit("log", "error", new VoiceError("output_failed", wordsOf(error)).message);
    }
  }

  #makeSpeaker() {
    const speaker = new Speaker();
    speaker.on("level", (level) => {
      this.levels.output = level;
    });
    speaker.on("play", (play) => {
      this.emit("play", { ...play, latency: Math.round(this.audio.latency * 1000) });
    });
    speaker.on("playing", (on) => {
      this.audio.capture?.port.postMessage({ type: "playing", on });
      if (!on) this.ducking.reset();
    });
    return speaker;
  }

  /** @param {string} state */
  #audioState(state) {
    if (state === "running" || state === "closed") return;
    this.emit("log", "warning", `sound is ${state}`);
    void this.audio.resume();
  }

  /** @param {Captured} data */
  #captured(data) {
    if (data.type === "speech") {
      this.speaking = data.on;
      this.emit("speech", data.on, data.late);
      this.ducking.speech(data.on, this.playing);
      return;
    }
    this.levels.input = this.#open ? data.level : 0;
    this.#examine(data);
    this.emit("frame", data.pcm);
  }

  /**
   * Tells, once, when the microphone gives nothing or too much.
   *
   * @param {{level: number, clips: boolean}} frame
   */
  #examine({ level, clips }) {
    const heard = this.#open && this.#pushed;
    if (!(heard ? this.health.push(level, clips) : this.health.reset())) return;
    if (this.hint) this.emit("log", "warning", this.hint);
    this.emit("hint");
  }

  /** @param {boolean} on */
  #duck(on) {
    this.speaker.duck(on);
    this.emit("duck", on);
  }

  async #lost() {
    this.emit("log", "warning", "the microphone went away");
    this.microphone.deviceId = "";
    try {
      const stream = await this.microphone.open();
      if (this.#open) this.audio.listenTo(stream);
      else this.microphone.stop(); // muted or ended meanwhile
    } catch {
      this.emit("trouble", new VoiceError("device_lost"));
    }
  }
}
