/**
 * Stop, sent by a plain request until the server has answered, and what has come of it.
 *
 * @typedef {"none" | "sending" | "unanswered" | "stopped" | "idle" | "later" | "refused"} StopState
 *   `sending` for the first moment, `unanswered` after it; the others are the server's answers.
 * @typedef {{press: string, session: string, task: string, at: number | null, since: number}} Press
 *   `at` in Unix seconds of the server's clock, `since` in Unix ms of the browser's.
 * @typedef {object} Parts
 * @property {(press: Press, signal: AbortSignal) => Promise<{state: StopState, text?: string}>} post
 * @property {(run: () => void, ms: number) => void} after
 * @property {() => number} now Unix ms.
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem">} store Outlives a reload.
 * @property {() => void} changed
 */

const KEY = "sayso-stop";
const AGAIN = 400; // ms between two tries
const AT_ONCE = 3; // tries under way at most: one that hangs must not keep the next one back
const SOON = 600; // ms after which it is said that the server has not answered
const SHOWN = 4000; // ms that an answer is shown
const WORTH = 600000; // ms after which a press is given up: nobody means it any more

export class Stopper {
  /** @type {StopState} */
  state = "none";
  /** What the server says beside it. */
  text = "";
  /** @type {Press | null} */
  press = null;
  /** @type {AbortController[]} */
  #tries = [];
  #answers = 0;

  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
  }

  /** A press that was under way when the page was loaded anew goes on. */
  resume() {
    const kept = read(this.parts.store);
    if (kept?.session && this.parts.now() - kept.since < WORTH) this.#begin(kept);
    else this.parts.store.removeItem(KEY);
  }

  /**
   * Stop is pressed. Pressed again while it is under way, it is tried again at once.
   *
   * @param {{session: string, task: string, at: number | null}} what
   */
  stop(what) {
    if (this.press) return this.hurry();
    const { now, store } = this.parts;
    const press = { press: crypto.randomUUID(), since: now(), ...what };
    store.setItem(KEY, JSON.stringify(press));
    this.#begin(press);
  }

  /** The link is back: what hangs is given up, and the press sent at once. */
  hurry() {
    if (!this.press) return;
    for (const hanging of this.#tries.splice(0)) hanging.abort();
    void this.#try(this.press);
  }

  /**
   * An answer, by whatever way it came.
   *
   * @param {{press?: string, state: StopState, text?: string}} answer
   */
  answered(answer) {
    if (!this.press || (answer.press && answer.press !== this.press.press)) return;
    this.press = null;
    this.parts.store.removeItem(KEY);
    for (const other of this.#tries.splice(0)) other.abort();
    this.#become(answer.state, answer.text ?? "");
    const mine = ++this.#answers;
    this.parts.after(() => {
      if (mine === this.#answers && !this.press) this.#become("none");
    }, SHOWN);
  }

  /** @param {Press} press */
  #begin(press) {
    this.press = press;
    this.#become("sending");
    this.parts.after(() => {
      if (this.press === press) this.#become("unanswered");
    }, SOON);
    this.#repeat(press);
  }

  /** @param {Press} press */
  #repeat(press) {
    if (this.press !== press) return;
    if (this.parts.now() - press.since > WORTH) {
      return this.answered({ state: "refused", text: "The server has not answered for ten minutes." });
    }
    void this.#try(press);
    this.parts.after(() => this.#repeat(press), AGAIN);
  }

  /** @param {Press} press */
  async #try(press) {
    while (this.#tries.length >= AT_ONCE) this.#tries.shift()?.abort();
    const mine = new AbortController();
    this.#tries.push(mine);
    try {
      const answer = await this.parts.post(press, mine.signal);
      if (this.press === press) this.answered(answer);
    } catch {
      // not reached: the next try is due
    } finally {
      this.#tries = this.#tries.filter((one) => one !== mine);
    }
  }

  /** @param {StopState} state */
  #become(state, text = "") {
    this.state = state;
    this.text = text;
    this.parts.changed();
  }
}

/** @param {Parts["store"]} store @returns {Press | null} */
function read(store) {
  try {
    return JSON.parse(store.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}
