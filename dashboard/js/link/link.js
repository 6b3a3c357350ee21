/**
 * The page's link to the server, for every part of the page: does it stand, is Stop on its way, has
 * what was sent arrived. One for the whole page, though each bundle has this code: the first makes it.
 *
 *     import { link } from "../js/link/link.js";
 *     link.stop();                      // Stop, by its own request, until it is answered
 *     link.watch(() => draw(link.live, link.stopping.state));
 *     if (await link.deliver(host, { type: "say", text })) clear();
 */
import { Stopper } from "./stopper.js";

/** @typedef {import("./stopper.js").StopState} StopState */
/**
 * @typedef {"live" | "slow" | "lost" | "restoring" | "reloading"} Standing
 *   `slow`: an answer is late; `restoring`: the server answers again, the page is not up to date yet.
 */
/** @typedef {{session: string, task: string}} Shown What the page shows: its session, the running task. */

const TAKEN = 4000; // ms in which the server says that it has taken what was sent, on a link that stands

/** The tab's own store; where there is none, or none is allowed, nothing outlives a reload. */
function tabStore() {
  try {
    return globalThis.sessionStorage ?? memory();
  } catch {
    return memory();
  }
}

function memory() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return {
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
    removeItem: (/** @type {string} */ key) => void kept.delete(key),
  };
}

class Link {
  /** @type {Standing} */
  standing = "live";
  /** Unix ms since when the page is not up to date; 0 while it is. */
  since = 0;
  /** What to add to the browser's Unix ms to have the server's; null until it is known. */
  offset = /** @type {number | null} */ (null);
  /** Until the page's own part says it, the page's frame knows the session. @type {() => Shown} */
  shown = () => ({ session: /** @type {any} */ (globalThis).saysoFrame?.session ?? "", task: "" });
  /** @type {Set<() => void>} */
  #watchers = new Set();
  /** @type {Set<() => void>} */
  #restored = new Set();
  /** @type {Map<string, (taken: boolean) => void>} */
  #sent = new Map();
  /** @type {Set<string>} Receipts that came, be it after they were given up. */
  #arrived = new Set();
  /** @type {(press: import("./stopper.js").Press) => void} Another way for Stop, beside the request. */
  also = () => {};

  constructor() {
    this.stopping = new Stopper({
      post: (press, signal) => this.#post(press, { signal }),
      after: (run, ms) => void setTimeout(run, ms),
      now: () => Date.now(),
      store: tabStore(),
      changed: () => this.#tell(),
    });
  }

  /** Whether what the page shows is so now, and what is sent arrives. */
  get live() {
    return this.standing === "live" || this.standing === "slow";
  }

  /** Stops what runs: sent until the server has answered, whatever the page's channel does. */
  stop() {
    const { session, task } = this.shown();
    const at = this.offset === null ? null : (Date.now() + this.offset) / 1000;
    this.stopping.stop({ session, task, at });
  }

  /**
   * Sends a message and tells whether the server has taken it: false if the link was lost first. Sent
   * again with the same receipt it is taken once only. Python answers `{type: "taken", receipt}`.
   *
   * @param {{send: (message: any) => void}} host
   * @param {{type: string, [field: string]: unknown}} message
   * @param {string} [receipt]
   * @returns {Promise<boolean>}
   */
  deliver(host, message, receipt = crypto.randomUUID()) {
    if (this.#arrived.has(receipt)) return Promise.resolve(true);
    if (!this.live) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.taken(receipt, false), TAKEN);
      this.#sent.set(receipt, (taken) => {
        clearTimeout(timer);
        resolve(taken);
      });
      host.send({ ...message, receipt });
    });
  }

  /** The server has taken the message, or never will. @param {string} receipt */
  taken(receipt, taken = true) {
    if (taken) this.#arrived.add(receipt);
    this.#sent.get(receipt)?.(taken);
    this.#sent.delete(receipt);
  }

  /**
   * Calls `run` when the standing or Stop's state changes; returns what ends that.
   *
   * @param {() => void} run
   */
  watch(run) {
    this.#watchers.add(run);
    return () => void this.#watchers.delete(run);
  }

  /**
   * Calls `run` after a gap: params are up to date, messages of the gap were lost.
   *
   * @param {() => void} run
   */
  onRestored(run) {
    this.#restored.add(run);
    return () => void this.#restored.delete(run);
  }

  /** @param {Standing} standing @param {number} since */
  become(standing, since) {
    if (standing === this.standing && since === this.since) return;
    this.standing = standing;
    this.since = since;
    if (!this.live) for (const id of [...this.#sent.keys()]) this.taken(id, false);
    this.#tell();
  }

  restored() {
    for (const run of [...this.#restored]) run();
  }

  #tell() {
    for (const run of [...this.#watchers]) run();
  }

  /** The page is left: a Stop that is under way goes out once more, and outlives it. */
  leave() {
    const { press } = this.stopping;
    if (press) this.#post(press, { keepalive: true }).catch(() => {}); // nobody is here to be told
  }

  /**
   * Not `keepalive` but for the last time: such a request holds its connection when it is given up, and
   * after six of them in a gap nothing else gets through.
   *
   * @param {import("./stopper.js").Press} press
   * @param {RequestInit} how
   */
  async #post(press, how) {
    press.session ||= this.shown().session;
    if (!press.session) throw new Error("The page does not know its session yet.");
    this.also(press);
    const body = JSON.stringify({ press: press.press, session: press.session, task: press.task, at: press.at });
    const answer = await fetch("stop", { method: "POST", body, cache: "no-store", ...how });
    if (answer.status >= 500) throw new Error(`${answer.status}`);
    return answer.json();
  }
}

const shared = /** @type {{saysoLink?: Link}} */ (globalThis);
shared.saysoLink ??= new Link();
export const link = shared.saysoLink;
