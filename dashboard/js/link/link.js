/**
 * The page's link to the server, for every part of the page: does it stand, is Stop on its way, has
 * what was sent arrived. One for the whole page, though each bundle has this code: the first makes it.
 *
 *     import { link } from "../js/link/link.js";
 *     link.stop();                      // Stop, by its own request, until it is answered
 *     link.watch(() => draw(link.live, link.stopping.state));
 *     if (await link.say(host, text)) clear();       // words, by every way there is
 *     await link.deliver(host, { type: "go", place }); // a message, with a receipt
 *     if (!link.send(send, message)) show();   // whatever else is pressed: refused aloud in a gap
 */
import { Presses } from "./presses.js";
import { Repeat } from "./repeat.js";
import { Stopper } from "./stopper.js";
import { t } from "../words.js";

/** @typedef {import("./stopper.js").StopState} StopState */
/**
 * @typedef {"live" | "slow" | "lost" | "restoring" | "reloading"} Standing
 *   `slow`: an answer is late; `restoring`: the server answers again, the page is not up to date yet.
 */
/** @typedef {{session: string, task: string}} Shown What the page shows: its session, the running task. */

/**
 * @typedef {object} Sending What waits for its receipt.
 * @property {(taken: boolean) => void} end
 * @property {() => void} hurry
 * @property {boolean} alone It needs the server only, not the page's channel.
 * @property {(why: string) => void} [refused]
 */

const TAKEN = 4000; // ms in which the server says that it has taken what was sent, on a link that stands
const PATIENT = 20000; // ms for the same, of words: they are sent again and again meanwhile
const SOON = 500; // ms for the page's channel to take words, before they go by their own request
const FULL = 507; // the server's disk is full: its answer says so
const LET_OUT = 403; // the lock turns whoever asks away, with a line of plain text
const TURNED_AWAY = { state: "refused", text: t("This page no longer has access. Load it again.") };
const AT_ONCE = 2; // requests with the same words under way at most

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
  /** @type {Map<string, Sending>} */
  #sent = new Map();
  /** @type {Set<string>} Receipts that came, be it after they were given up. */
  #arrived = new Set();
  /** Another way beside a request: the link's own socket. @type {(message: {stop?: object, say?: object}) => void} */
  also = () => {};

  constructor() {
    this.stopping = new Stopper({
      post: (press, signal) => this.#post(press, { signal }),
      after: (run, ms) => void setTimeout(run, ms),
      now: () => Date.now(),
      store: tabStore(),
      changed: () => this.#tell(),
    });
    this.presses = new Presses({
      live: () => this.live,
      changed: () => this.#tell(),
      after: (run, ms) => void setTimeout(run, ms),
      store: tabStore(),
    });
  }

  /** Whether what the page shows is so now, and what is sent arrives. */
  get live() {
    return this.standing === "live" || this.standing === "slow";
  }

  /** Whether the server answers, so that plain requests arrive: sooner than the page is up to date. */
  get reachable() {
    return this.live || this.standing === "restoring";
  }

  /** Stops what runs: sent until the server has answered, whatever the page's channel does. */
  stop() {
    const { session, task } = this.shown();
    const at = this.offset === null ? null : (Date.now() + this.offset) / 1000;
    this.stopping.stop({ session, task, at });
  }

  /**
   * Sends what a person has pressed, or a component asks of itself; false if it was refused for lack of
   * a connection, which is said. All that components send goes this way.
   *
   * @param {(message: any) => void} send
   * @param {{type: string, [field: string]: unknown}} message
   */
  send(send, message) {
    return this.presses.send(send, message);
  }

  /** Leads the page elsewhere, where the server can be reached. @param {string} url */
  lead(url) {
    if (this.reachable) location.assign(url);
    else this.presses.refuse();
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
    const taken = this.#wait(receipt, TAKEN, { hurry: () => {}, alone: false });
    host.send({ ...message, receipt });
    return taken;
  }

  /**
   * The same for what a person has pressed: into a gap, it is sent when the link is back. False if the
   * server did not take it though the link stands.
   *
   * @param {{send: (message: any) => void}} host
   * @param {{type: string, [field: string]: unknown}} message
   * @returns {Promise<boolean>}
   */
  async deliverAtLast(host, message) {
    const receipt = crypto.randomUUID();
    while (!(await this.deliver(host, message, receipt))) {
      if (this.live) return false;
      await new Promise((resolve) => {
        const end = this.onRestored(() => {
          end();
          resolve(undefined);
        });
      });
    }
    return true;
  }

  /**
   * Says words in the page's session, and tells whether the server has taken them: not if the link was
   * lost first, or if it refused, with its reason. They go through the page's channel; where that is late
   * or gone, by a request of their own. With the same receipt they are said once only.
   *
   * @param {{send: (message: any) => void}} host
   * @param {string} text
   * @param {string} [receipt]
   * @returns {Promise<{taken: boolean, why: string}>}
   */
  async say(host, text, receipt = crypto.randomUUID()) {
    if (this.#arrived.has(receipt)) return { taken: true, why: "" };
    if (!this.reachable) return { taken: false, why: "" };
    let why = "";
    const message = { session: this.shown().session, id: receipt, text };
    const words = new Repeat({
      post: (signal) => this.#postWords(message, signal),
      answered: (answer) => this.said(answer),
      after: (run, ms) => void setTimeout(run, ms),
      most: AT_ONCE,
    });
    const refused = (/** @type {string} */ text) => {
      why = text;
    };
    const soon = setTimeout(() => words.begin(), this.live ? SOON : 0);
    const taken = this.#wait(receipt, PATIENT, { hurry: () => words.hurry(), alone: true, refused });
    if (this.live) host.send({ type: "say", text, receipt });
    const arrived = await taken;
    clearTimeout(soon);
    words.end();
    return { taken: arrived, why };
  }

  /** An answer to words, by whatever way it came. @param {{id: string, state: string, text?: string}} answer */
  said({ id, state, text }) {
    if (state !== "sent") this.#sent.get(id)?.refused?.(text ?? "");
    this.taken(id, state === "sent");
  }

  /** Whether the server is known to have taken what had that receipt. @param {string} receipt */
  arrived(receipt) {
    return this.#arrived.has(receipt);
  }

  /**
   * @param {string} receipt
   * @param {number} ms
   * @param {Omit<Sending, "end">} how
   * @returns {Promise<boolean>}
   */
  #wait(receipt, ms, how) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.taken(receipt, false), ms);
      const end = (/** @type {boolean} */ taken) => {
        clearTimeout(timer);
        resolve(taken);
      };
      this.#sent.set(receipt, { ...how, end });
    });
  }

  /** The server has taken the message, or never will. @param {string} receipt */
  taken(receipt, taken = true) {
    if (taken) this.#arrived.add(receipt);
    const waiting = this.#sent.get(receipt);
    this.#sent.delete(receipt);
    if (waiting) waiting.end(taken);
    else if (taken) this.#tell(); // it had been given up
  }

  /** The server answers on another socket: what hangs is sent again at once. */
  hurry() {
    this.stopping.hurry();
    for (const { hurry } of this.#sent.values()) hurry();
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

  /**
   * Ends a request that has no answer after so many milliseconds, or when the link is back after a gap:
   * what was asked before it may have vanished, and would hang.
   *
   * @param {number} ms
   */
  patience(ms) {
    const control = new AbortController();
    const end = () => {
      clearTimeout(timer);
      this.#restored.delete(end);
      control.abort();
    };
    const timer = setTimeout(end, ms);
    this.#restored.add(end);
    return control.signal;
  }

  /** @param {Standing} standing @param {number} since */
  become(standing, since) {
    if (standing === this.standing && since === this.since) return;
    const before = this.live;
    this.standing = standing;
    this.since = since;
    if (before && !this.live) this.presses.lost();
    for (const [id, { alone }] of this.#sent) if (!(alone ? this.reachable : this.live)) this.taken(id, false);
    this.#tell();
  }

  restored() {
    this.presses.restored();
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
    if (!press.session) throw new Error(t("The page does not know its session yet."));
    this.also({ stop: press });
    const { press: id, session, task, at } = press;
    return post("stop", { press: id, session, task, at }, how);
  }

  /** @param {{session: string, id: string, text: string}} words @param {AbortSignal} signal */
  async #postWords(words, signal) {
    this.also({ say: words });
    const { session, id, text } = words;
    return { id, ...(await post(`sessions/${session}/say`, { id, text }, { signal })) };
  }
}

/** @param {string} url @param {object} message @param {RequestInit} how */
async function post(url, message, how) {
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(message), cache: "no-store", ...how });
  if (answer.status >= 500 && answer.status !== FULL) throw new Error(`${answer.status}`);
  return answer.status === LET_OUT ? answer.json().catch(() => TURNED_AWAY) : answer.json();
}

const shared = /** @type {{saysoLink?: Link}} */ (globalThis);
shared.saysoLink ??= new Link();
export const link = shared.saysoLink;
