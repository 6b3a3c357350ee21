const HOP_MS = 10;
const ONSET = 3; // loud hops in a row: a click is shorter
const IDLE = { margin: 10, minimum: -52 };
const PLAYING = { margin: 16, minimum: -40 };
const HANG = 40; // hops without speech before it counts as over
/** How long before it is told speech began or ended, in ms. */
export const LATE = { on: ONSET * HOP_MS, off: HANG * HOP_MS };
const RISE = 0.03; // dB per hop: how fast the floor follows noise that stays
const LOWEST = -75;

/**
 * A quick guess whether the person speaks: energy over an adaptive noise floor, in hops of 10 ms.
 * It only lowers the loudspeaker and hints; the server's detector decides. While something plays,
 * it asks for more, so that what the echo canceller leaves of our own sound does not trigger it.
 */
export class SpeechGate {
  playing = false;
  speaking = false;
  floor = -60;
  #loud = 0;
  #quiet = 0;

  /**
   * Takes one hop of samples (−1…1); returns true at an onset, false at an end, else null.
   *
   * @param {Float32Array} hop
   */
  push(hop) {
    let energy = 0;
    for (const x of hop) energy += x * x;
    const level = 10 * Math.log10(energy / hop.length + 1e-10);
    const rule = this.playing ? PLAYING : IDLE;
    const threshold = Math.max(this.floor + rule.margin, rule.minimum);
    this.#follow(level);
    return this.speaking ? this.#ending(level, threshold) : this.#starting(level, threshold);
  }

  /** @param {number} level */
  #follow(level) {
    const change = level < this.floor ? 0.3 * (level - this.floor) : Math.min(RISE, level - this.floor);
    this.floor = Math.max(LOWEST, this.floor + change);
  }

  /** @param {number} level @param {number} threshold */
  #starting(level, threshold) {
    this.#loud = level > threshold ? this.#loud + 1 : 0;
    if (this.#loud < ONSET) return null;
    this.#quiet = 0;
    this.speaking = true;
    return true;
  }

  /** @param {number} level @param {number} threshold */
  #ending(level, threshold) {
    this.#quiet = level > threshold - 5 ? 0 : this.#quiet + 1;
    if (this.#quiet < HANG) return null;
    this.#loud = 0;
    this.speaking = false;
    return false;
  }
}
