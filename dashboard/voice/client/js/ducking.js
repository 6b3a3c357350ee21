const RECOVER = 1000; // ms without an interruption before the loudspeaker rises again
const LONGEST = 3000; // ms, however long the sound at the microphone goes on

/** Lowers the loudspeaker when the person begins to speak; raises it if that was no interruption. */
export class Ducking {
  on = false;
  #since = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;

  /** @param {(on: boolean) => void} change */
  constructor(change) {
    this.change = change;
  }

  /** @param {boolean} on @param {boolean} playing */
  speech(on, playing) {
    if (on && playing && !this.on) this.#set(true);
    if (!this.on) return;
    const left = (on ? LONGEST : RECOVER) - (performance.now() - this.#since);
    this.#later(Math.max(0, left));
  }

  /** It is open whether somebody interrupts: low until it is decided. @param {boolean} playing */
  contest(playing) {
    clearTimeout(this.#timer);
    if (playing && !this.on) this.#set(true);
  }

  /** The sound was cut, or has ended: there is nothing to keep low. */
  reset() {
    clearTimeout(this.#timer);
    if (this.on) this.#set(false);
  }

  /** @param {number} ms */
  #later(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#set(false), ms);
  }

  /** @param {boolean} on */
  #set(on) {
    this.on = on;
    this.#since = performance.now();
    this.change(on);
  }
}
