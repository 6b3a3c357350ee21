import { Clip } from "./clip.js";

const FADE = 0.03; // seconds
const TAIL = 0.06; // seconds of waiting before the last few samples of a clip are let out
const GIVE_UP = 0.5; // seconds of waiting before a clip whose end was not told counts as finished
const DUCKED = 0.2;
const LEVEL_EVERY = 0.05;

/**
 * @typedef {{type: "audio", id: string, rate: number, pcm: Float32Array}
 *   | {type: "end", ids: string[]}
 *   | {type: "flush"}
 *   | {type: "duck", on: boolean}} Order What the page says.
 */
/** @typedef {{type: "notice", state: "started" | "finished" | "cut", id: string, rate: number, samples: number,
 *   length: number}} Notice `samples` have sounded, of `length` that have come. */
/** @typedef {Notice | {type: "level", level: number}} Told What it is told. */

/** Plays clips one after the other, gaplessly; says what it has started, finished and cut. */
class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    /** @type {Clip[]} */
    this.queue = [];
    /** @type {Clip[]} Cut, and fading out. */
    this.doomed = [];
    this.fade = 0; // samples of fade left
    this.gain = 1;
    this.target = 1;
    this.energy = 0;
    this.measured = 0;
    this.port.onmessage = ({ data }) => this.obey(data);
  }

  /** @param {Order} order */
  obey(order) {
    if (order.type === "audio") this.audio(order);
    else if (order.type === "end") this.end(order);
    else if (order.type === "flush") this.flush();
    else this.duck(order);
  }

  /** @param {{id: string, rate: number, pcm: Float32Array}} sound */
  audio({ id, rate, pcm }) {
    let clip = this.queue.find((c) => c.id === id && c.rate === rate);
    if (!clip) {
      clip = new Clip(id, rate, sampleRate);
      this.queue.push(clip);
    }
    clip.append(pcm);
  }

  /** @param {{ids: string[]}} order */
  end({ ids }) {
    for (const clip of this.queue) if (ids.includes(clip.id)) clip.ended = true;
  }

  /** What is queued now will be gone in 30 ms, whatever arrives meanwhile. */
  flush() {
    this.fade = this.doomed.length > 0 ? this.fade : Math.round(FADE * sampleRate);
    this.doomed.push(...this.queue.splice(0));
  }

  /** @param {{on: boolean}} order */
  duck({ on }) {
    this.target = on ? DUCKED : 1;
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs */
  process(_inputs, [[out]]) {
    if (this.doomed.length > 0) this.fadeOut(out);
    else this.play(out);
    this.finish(out);
    return true;
  }

  /** @param {Float32Array} out */
  play(out) {
    let at = 0;
    while (at < out.length && this.queue.length > 0) {
      const clip = this.queue[0];
      const whole = clip.ended || clip.starved > TAIL * sampleRate;
      const from = at;
      at = clip.read(out, at, whole);
      if (at > from && !clip.started) this.tell("started", clip);
      if (at < out.length && !this.exhausted(clip, out.length - at)) return;
    }
  }

  /**
   * Whether the clip can be left; if its end is not known, it is given some time for more.
   *
   * @param {Clip} clip
   * @param {number} wanted
   */
  exhausted(clip, wanted) {
    clip.starved += wanted;
    if (!clip.ended && clip.starved < GIVE_UP * sampleRate) return false;
    if (clip.position < clip.length) return true; // the tail is let out in the next round
    this.queue.shift();
    this.tell("finished", clip);
    return true;
  }

  /** @param {Float32Array} out */
  fadeOut(out) {
    const length = Math.round(FADE * sampleRate);
    const clip = this.doomed[0];
    const heard = clip.started ? clip.read(out, 0, true) : 0;
    for (let i = 0; i < heard; i += 1) out[i] *= Math.max(0, (this.fade - i) / length);
    this.fade -= out.length;
    if (this.fade > 0 && heard === out.length) return;
    for (const cut of this.doomed.splice(0)) this.tell("cut", cut);
    this.fade = 0;
  }

  /** @param {"started" | "finished" | "cut"} state @param {Clip} clip */
  tell(state, clip) {
    const samples = state === "started" ? 0 : clip.played;
    clip.started = true;
    const { id, rate, length } = clip;
    this.port.postMessage({ type: "notice", state, id, rate, samples, length });
  }

  /** The duck, without a click, and the level for the meter. @param {Float32Array} out */
  finish(out) {
    const pace = 1 - Math.exp(-1 / (0.008 * sampleRate));
    for (let i = 0; i < out.length; i += 1) {
      this.gain += pace * (this.target - this.gain);
      out[i] *= this.gain;
      this.energy += out[i] * out[i];
    }
    this.measured += out.length;
    if (this.measured < LEVEL_EVERY * sampleRate) return;
    this.port.postMessage({ type: "level", level: Math.sqrt(this.energy / this.measured) });
    this.energy = 0;
    this.measured = 0;
  }
}

registerProcessor("sayso-player", Player);
