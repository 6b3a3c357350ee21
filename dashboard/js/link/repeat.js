/**
 * Sends a plain request again and again until one is answered: on a line that has just broken, one
 * that hangs must not keep the next one back.
 *
 * @template T
 * @typedef {object} Parts
 * @property {(signal: AbortSignal) => Promise<T>} post Rejects if nothing has answered.
 * @property {(answer: T) => void} answered Called once; nothing is sent after it.
 * @property {(run: () => void, ms: number) => void} after
 * @property {number} most Tries under way at most: the browser has six connections for everything.
 */

const AGAIN = 400; // ms between two tries

/** @template T */
export class Repeat {
  /** @type {AbortController[]} */
  #tries = [];
  #ended = false;

  /** @param {Parts<T>} parts */
  constructor(parts) {
    this.parts = parts;
  }

  /** Sends now, and from now on. */
  begin() {
    if (this.#ended) return;
    void this.#try();
    this.parts.after(() => this.begin(), AGAIN);
  }

  /** What hangs is given up, and another sent at once. */
  hurry() {
    if (this.#ended) return;
    this.#giveUp();
    void this.#try();
  }

  end() {
    this.#ended = true;
    this.#giveUp();
  }

  #giveUp() {
    for (const hanging of this.#tries.splice(0)) hanging.abort();
  }

  async #try() {
    while (this.#tries.length >= this.parts.most) this.#tries.shift()?.abort();
    const mine = new AbortController();
    this.#tries.push(mine);
    try {
      const answer = await this.parts.post(mine.signal);
      if (this.#ended) return;
      this.end();
      this.parts.answered(answer);
    } catch {
      // not reached: the next try is due
    } finally {
      this.#tries = this.#tries.filter((one) => one !== mine);
    }
  }
}
