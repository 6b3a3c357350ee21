import { Repeat } from "./repeat.js";
import { t } from "../words.js";

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
const AT_ONCE = 3; // requests under way at most
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
  /** @type {Repeat<{press?: string, state: StopState, text?: string}> | null} */
  #sending = null;
  #answers = 0;

  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
  }

  /** A press that was under way when the page was reloaded goes on. */
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
    this.#sending?.hurry();
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
    this.#sending?.end();
    this.#sending = null;
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
    this.#sending = new Repeat({
      post: (signal) => this.parts.post(press, signal),
      answered: (answer) => this.answered(answer),
      after: (run, ms) => this.parts.after(() => this.#worth(press) && run(), ms),
      most: AT_ONCE,
    });
    this.#sending.begin();
  }

  /** @param {Press} press */
  #worth(press) {
    if (this.press !== press) return false;
    if (this.parts.now() - press.since <= WORTH) return true;
    this.answered({ state: "refused", text: t("The server has not answered for ten minutes.") });
    return false;
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
