import { signal } from "@preact/signals";

/** Two or three soft tones: frequencies in Hz, one after the other. @type {Record<string, number[]>} */
const TONES = { begins: [523, 659], asks: [660, 880, 880], done: [659, 988], fails: [330, 247], stops: [392] };
const KEY = "sayso-sounds";

/** Short sounds, while the person wants them; the choice is kept in the browser. */
export class Sounds {
  on = signal(localStorage.getItem(KEY) !== "off");
  /** @type {AudioContext | null} */
  #context = null;

  toggle() {
    this.on.value = !this.on.peek();
    localStorage.setItem(KEY, this.on.peek() ? "on" : "off");
  }

  /** @param {string} name */
  async play(name) {
    const tones = TONES[name];
    if (!this.on.peek() || !tones || !navigator.userActivation?.hasBeenActive) return;
    this.#context ??= new AudioContext();
    await this.#context.resume();
    for (const [i, frequency] of tones.entries()) this.#tone(this.#context, frequency, 0.02 + i * 0.13);
  }

  /** @param {AudioContext} context @param {number} frequency @param {number} after In seconds. */
  #tone(context, frequency, after) {
    const at = context.currentTime + after;
    const oscillator = new OscillatorNode(context, { frequency, type: "sine" });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setTargetAtTime(0.07, at, 0.012);
    gain.gain.setTargetAtTime(0, at + 0.09, 0.04);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + 0.4);
  }

  close() {
    void this.#context?.close();
  }
}
