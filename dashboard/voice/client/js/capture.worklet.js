import { Resampler } from "./resample.js";
import { LATE, SpeechGate } from "./vad.js";

const RATE = 16000;
const FRAME = 320; // 20 ms
const HOP = 160; // 10 ms
const CLIPPING = 8; // samples of a frame at full scale

/**
 * @typedef {{type: "speech", on: boolean, late: number}
 *   | {type: "frame", pcm: ArrayBuffer, level: number, clips: boolean}} Captured What the page is told.
 */
/** @typedef {{type: "playing", on: boolean}} Playing What it tells. */

/** Microphone → mono → 16 kHz PCM16 in frames of 20 ms; silence keeps flowing when no track is there. */
class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, RATE);
    this.gate = new SpeechGate();
    this.frame = new Float32Array(FRAME);
    this.filled = 0;
    this.port.onmessage = (/** @type {MessageEvent<Playing>} */ { data }) => {
      if (data.type === "playing") this.gate.playing = data.on;
    };
  }

  /** @param {Float32Array[][]} inputs */
  process([channels]) {
    for (const sample of this.resampler.process(mono(channels))) {
      this.frame[this.filled] = sample;
      this.filled += 1;
      if (this.filled % HOP === 0) this.listen();
      if (this.filled === FRAME) this.ship();
    }
    return true;
  }

  listen() {
    const change = this.gate.push(this.frame.subarray(this.filled - HOP, this.filled));
    if (change !== null) this.tell({ type: "speech", on: change, late: change ? LATE.on : LATE.off });
  }

  ship() {
    const pcm = new Int16Array(FRAME);
    let energy = 0;
    let full = 0;
    for (let i = 0; i < FRAME; i += 1) {
      const x = Math.max(-1, Math.min(1, this.frame[i]));
      energy += x * x;
      full += Math.abs(x) > 0.995 ? 1 : 0;
      pcm[i] = Math.round(x < 0 ? x * 32768 : x * 32767);
    }
    this.filled = 0;
    const level = Math.sqrt(energy / FRAME);
    const clips = full > CLIPPING;
    this.tell({ type: "frame", pcm: pcm.buffer, level, clips }, [pcm.buffer]);
  }

  /** @param {Captured} what @param {Transferable[]} [moved] */
  tell(what, moved = []) {
    this.port.postMessage(what, moved);
  }
}

const SILENCE = new Float32Array(128);

/** @param {Float32Array[] | undefined} channels */
function mono(channels) {
  if (!channels || channels.length === 0) return SILENCE;
  if (channels.length === 1) return channels[0];
  const mixed = new Float32Array(channels[0].length);
  for (const channel of channels) {
    for (let i = 0; i < mixed.length; i += 1) mixed[i] += channel[i] / channels.length;
  }
  return mixed;
}

registerProcessor("sayso-capture", Capture);
