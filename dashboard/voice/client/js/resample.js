const PHASES = 256;

/** @typedef {{half: number, table: Float32Array}} Kernel */

/**
 * Half of a Blackman-windowed sinc low-pass, `PHASES` points per source sample, and its width.
 *
 * @param {number} from
 * @param {number} to
 * @param {number} [crossings]
 * @returns {Kernel}
 */
export function kernel(from, to, crossings = 12) {
  const cutoff = from === to ? 1 : Math.min(1, to / from) * 0.94;
  const half = Math.ceil(crossings / cutoff);
  const table = new Float32Array(half * PHASES + 2);
  for (let i = 0; i < half * PHASES; i += 1) {
    const x = i / PHASES;
    const angle = Math.PI * x * cutoff;
    const window = 0.42 + 0.5 * Math.cos((Math.PI * x) / half) + 0.08 * Math.cos((2 * Math.PI * x) / half);
    table[i] = cutoff * window * (i === 0 ? 1 : Math.sin(angle) / angle);
  }
  return { half, table };
}

/**
 * The band-limited value of `data` (`length` samples) at the fractional position `time`.
 *
 * @param {Float32Array} data
 * @param {number} length
 * @param {number} time
 * @param {Kernel} kernel
 */
export function valueAt(data, length, time, { half, table }) {
  let sum = 0;
  const last = Math.min(length - 1, Math.floor(time + half));
  for (let i = Math.max(0, Math.ceil(time - half)); i <= last; i += 1) {
    const at = Math.abs(time - i) * PHASES;
    const low = Math.floor(at);
    sum += data[i] * (table[low] + (at - low) * (table[low + 1] - table[low]));
  }
  return sum;
}

/** Changes the rate of a stream piece by piece; output k lies at source time k · from / to. */
export class Resampler {
  /** @param {number} from @param {number} to */
  constructor(from, to) {
    this.step = from / to;
    this.kernel = kernel(from, to);
    this.tail = new Float32Array(this.kernel.half);
    this.time = this.kernel.half;
  }

  /** @param {Float32Array} input */
  process(input) {
    if (this.step === 1) return input;
    const { half } = this.kernel;
    const data = new Float32Array(this.tail.length + input.length);
    data.set(this.tail);
    data.set(input, this.tail.length);
    const count = Math.max(0, Math.ceil((data.length - half - this.time) / this.step));
    const out = new Float32Array(count);
    for (let i = 0; i < count; i += 1) {
      out[i] = valueAt(data, data.length, this.time, this.kernel);
      this.time += this.step;
    }
    const drop = Math.floor(this.time) - half;
    this.tail = data.slice(drop);
    this.time -= drop;
    return out;
  }
}
