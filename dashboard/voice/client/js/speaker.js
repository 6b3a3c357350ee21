import { Emitter } from "../../../js/emitter.js";
import { Sequence } from "./sequence.js";
import { fromBase64, parseWav } from "./wav.js";

const REMEMBERED = 500; // ids

/** @typedef {import("./player.worklet.js").Order} Order */
/** @typedef {import("./player.worklet.js").Notice} Notice */
/** @typedef {import("./wav.js").Sound} Heard */
/** @typedef {Omit<Notice, "type" | "length"> & {duration: number}} Play What sounds; `duration` in seconds, as far as it has come. */

/**
 * The loudspeaker. Emits `play`, `playing` and `level`.
 * A message is known from its text or first sound; a flush cuts every known unfinished one for good.
 *
 * @extends {Emitter<{play: [play: Play], playing: [on: boolean], level: [level: number]}>}
 */
export class Speaker extends Emitter {
  /** @type {Map<string, number | null>} By id, the rate of the sound so far. */
  #open = new Map();
  /** @type {Set<string>} */
  #cut = new Set();
  /** @type {Set<string>} */
  #sounding = new Set();
  /** @type {string | null} */
  #latest = null;
  /** @type {AudioWorkletNode | null} */
  #node = null;
  /** @type {Sequence<Heard>} */
  #sequence = new Sequence((id, sound) => this.#post({ type: "audio", id, ...sound }, sound.pcm));

  /** @param {AudioWorkletNode} node The player's. */
  attach(node) {
    for (const id of this.#sounding) this.#tell("cut", { id, samples: 0, rate: 48000, length: 0 });
    this.#sounding.clear();
    this.#node = node;
    node.port.onmessage = ({ data }) => this.#heard(data);
  }

  get playing() {
    return this.#sounding.size > 0;
  }

  /** The text of a message has come: what comes before it is complete. @param {string | null} [id] */
  announce(id) {
    if (!id || this.#cut.has(id)) return;
    this.#know(id);
  }

  /** A chunk of sound. Throws if it cannot be read. @param {import("./evi.d.ts").AudioOutput} chunk */
  accept({ id, index, data, is_final_chunk: last }) {
    if (this.#cut.has(id)) return;
    if (typeof id !== "string" || typeof data !== "string") throw new Error("audio without id or data");
    const sound = parseWav(fromBase64(data), this.#open.get(id) ?? undefined);
    this.#know(id);
    this.#open.set(id, sound.rate);
    this.#sounding.add(id);
    this.#tellPlaying();
    this.#sequence.add(id, index, sound);
    if (last) this.#end([id]);
  }

  /** No more sound will come for the messages known so far. */
  end() {
    this.#end([...this.#open.keys()]);
  }

  /** Cuts what sounds and what is to come of the messages known so far. */
  flush() {
    for (const [id, rate] of this.#open) {
      this.#cut.add(id);
      this.#sequence.drop(id);
      if (!this.#sounding.has(id)) this.#tell("cut", { id, samples: 0, rate: rate ?? 48000, length: 0 });
    }
    this.#open.clear();
    this.#latest = null;
    this.#post({ type: "flush" });
    forget(this.#cut);
  }

  /** @param {boolean} on */
  duck(on) {
    this.#post({ type: "duck", on });
  }

  /** @param {string} id */
  #know(id) {
    if (this.#latest !== null && this.#latest !== id) this.#end([this.#latest]);
    this.#latest = id;
    if (!this.#open.has(id)) this.#open.set(id, null);
  }

  /** @param {string[]} ids */
  #end(ids) {
    for (const id of ids) this.#sequence.close(id);
    this.#post({ type: "end", ids });
  }

  /** @param {import("./player.worklet.js").Told} data */
  #heard(data) {
    if (data.type === "level") this.emit("level", data.level);
    else this.#notice(data);
  }

  /** @param {Notice} notice */
  #notice({ state, id, samples, rate, length }) {
    if (state !== "started") {
      this.#sounding.delete(id);
      if (state === "finished") this.#open.delete(id);
      this.#sequence.drop(id);
    }
    this.#tell(state, { id, samples, rate, length });
    this.#tellPlaying();
  }

  /** @param {Notice["state"]} state @param {{id: string, samples: number, rate: number, length: number}} sound */
  #tell(state, { id, samples, rate, length }) {
    this.emit("play", { id, state, samples, rate, duration: length / rate });
  }

  #tellPlaying() {
    this.emit("playing", this.playing);
  }

  /** @param {Order} message @param {Float32Array<ArrayBuffer>} [pcm] */
  #post(message, pcm) {
    this.#node?.port.postMessage(message, pcm ? [pcm.buffer] : []);
  }
}

/** @param {Set<string>} set */
function forget(set) {
  for (const id of set) {
    if (set.size <= REMEMBERED) return;
    set.delete(id);
  }
}
