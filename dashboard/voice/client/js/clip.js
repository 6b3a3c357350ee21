import { kernel, valueAt } from "./resample.js";

/** The sound of one assistant message: grows as chunks arrive, is read at the loudspeaker's rate. */
export class Clip {
  /** @param {string} id @param {number} rate @param {number} outRate The loudspeaker's. */
  constructor(id, rate, outRate) {
    this.id = id;
    this.rate = rate;
    this.step = rate / outRate;
    this.kernel = kernel(rate, outRate);
    this.samples = new Float32Array(rate);
    this.length = 0;
    this.position = 0;
    this.ended = false;
    this.started = false;
    this.starved = 0; // loudspeaker samples for which this clip had nothing to give
  }

  /** @param {Float32Array} pcm */
  append(pcm) {
    if (this.length + pcm.length > this.samples.length) {
      const larger = new Float32Array(2 * (this.length + pcm.length));
      larger.set(this.samples.subarray(0, this.length));
      this.samples = larger;
    }
    this.samples.set(pcm, this.length);
    this.length += pcm.length;
    this.starved = 0;
  }

  /** Samples of the source that were sent to the loudspeaker. */
  get played() {
    return Math.min(this.length, Math.ceil(this.position));
  }

  /**
   * Writes into `out` from `start` on; returns where it stopped.
   *
   * @param {Float32Array} out
   * @param {number} start
   * @param {boolean} whole More will not come.
   */
  read(out, start, whole) {
    const limit = whole || this.step === 1 ? this.length : this.length - this.kernel.half;
    let at = start;
    while (at < out.length && this.position < limit) {
      out[at] =
        this.step === 1 ? this.samples[this.position] : valueAt(this.samples, this.length, this.position, this.kernel);
      this.position += this.step;
      at += 1;
    }
    return at;
  }
}
