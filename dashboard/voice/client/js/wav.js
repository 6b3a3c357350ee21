/** @typedef {{rate: number, pcm: Float32Array<ArrayBuffer>}} Sound Mono, −1…1. */
/** @typedef {{start: number, size: number, code: number, channels: number, rate: number, bits: number}} Format */

/** Base64 text as bytes. Throws on text that is not base64. @param {string} text */
export function fromBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/**
 * A WAV file's sound, mixed to mono; bytes without a header are PCM16 at `rate`.
 *
 * @param {Uint8Array} bytes
 * @param {number} [rate]
 * @returns {Sound}
 */
export function parseWav(bytes, rate = 48000) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!tagAt(view, 0, "RIFF") || !tagAt(view, 8, "WAVE")) {
    return { rate, pcm: decode(view, { start: 0, size: bytes.length, channels: 1, bits: 16, code: 1, rate }) };
  }
  const format = readChunks(view);
  if (!format.bits || format.start === 0) throw new Error("WAV without format or data");
  return { rate: format.rate, pcm: decode(view, format) };
}

/** @param {DataView} view @param {number} at @param {string} tag */
function tagAt(view, at, tag) {
  if (at + 4 > view.byteLength) return false;
  return [...tag].every((letter, i) => view.getUint8(at + i) === letter.charCodeAt(0));
}

/** What was not found is 0. @param {DataView} view */
function readChunks(view) {
  /** @type {Format} */
  const format = { start: 0, size: 0, code: 0, channels: 0, rate: 0, bits: 0 };
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    if (tagAt(view, at, "fmt ")) {
      format.code = view.getUint16(at + 8, true);
      format.channels = view.getUint16(at + 10, true);
      format.rate = view.getUint32(at + 12, true);
      format.bits = view.getUint16(at + 22, true);
      if (format.code === 0xfffe) format.code = view.getUint16(at + 32, true);
    } else if (tagAt(view, at, "data")) {
      format.start = at + 8;
      format.size = Math.min(size, view.byteLength - at - 8); // streams write 0xffffffff here
      return format;
    }
    at += 8 + size + (size % 2);
  }
  return format;
}

/** @param {DataView} view @param {Format} format */
function decode(view, { start, size, channels, bits, code }) {
  const width = bits / 8;
  const read = reader(view, bits, code);
  const frames = Math.floor(size / (width * channels));
  const pcm = new Float32Array(frames);
  for (let i = 0, at = start; i < frames; i += 1) {
    let sum = 0;
    for (let c = 0; c < channels; c += 1, at += width) sum += read(at);
    pcm[i] = sum / channels;
  }
  return pcm;
}

/**
 * What reads the sample at a place.
 *
 * @param {DataView} view
 * @param {number} bits
 * @param {number} code
 * @returns {(at: number) => number}
 */
function reader(view, bits, code) {
  if (code === 3 && bits === 32) return (at) => view.getFloat32(at, true);
  if (code === 1 && bits === 16) return (at) => view.getInt16(at, true) / 32768;
  if (code === 1 && bits === 8) return (at) => (view.getUint8(at) - 128) / 128;
  if (code === 1 && bits === 24) {
    return (at) => (view.getUint8(at) + view.getInt16(at + 1, true) * 256) / 8388608;
  }
  if (code === 1 && bits === 32) return (at) => view.getInt32(at, true) / 2147483648;
  throw new Error(`WAV format ${code} with ${bits} bits`);
}
