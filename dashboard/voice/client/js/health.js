import { t } from "../../../js/words.js";
const WINDOW = 250; // frames of 20 ms
const CLIPPED = 0.1; // share of frames

export const HINTS = {
  silent: t("No sound comes from the microphone. Is it muted on the computer or the headset?"),
  clipping: t("The microphone is too loud. Lower its level in the computer's settings."),
};

/** Watches whether what the microphone gives can be understood at all. */
export class Health {
  /** @type {keyof typeof HINTS | null} */
  hint = null;
  #frames = 0;
  #sounding = 0;
  #clipped = 0;

  /**
   * Takes one frame's level and whether it clips; returns whether the hint has changed.
   *
   * @param {number} level
   * @param {boolean} clips
   */
  push(level, clips) {
    this.#frames += 1;
    this.#sounding += level > 0 ? 1 : 0;
    this.#clipped += clips ? 1 : 0;
    if (this.hint === "silent" && level > 0) return this.#judge(null);
    if (this.#frames < WINDOW) return false;
    const clipping = this.#clipped > CLIPPED * this.#frames ? "clipping" : null;
    return this.#judge(this.#sounding === 0 ? "silent" : clipping);
  }

  /** Forgets what was; returns whether there was a hint. */
  reset() {
    return this.#judge(null);
  }

  /** @param {keyof typeof HINTS | null} hint */
  #judge(hint) {
    const changed = hint !== this.hint;
    this.hint = hint;
    this.#frames = this.#sounding = this.#clipped = 0;
    return changed;
  }
}
