import { link } from "./link/link.js";

const BATCH = 15; // ms
const REMEMBERED = 1000; // events, and ids of messages from Python

/** @typedef {"info" | "warning" | "error"} Level */
/** @typedef {{type: string, [field: string]: unknown}} Event What the page tells Python. */
/** @typedef {(message: any, buffers?: any[]) => void} Handler Of one type of Python's messages. */

/**
 * Events to Python in numbered batches; messages from Python once each, acknowledged. Python asks
 * for events that were lost with the page's socket (`resend`); after a gap (`local.back`) it repeats
 * what was never acknowledged.
 */
export class Relay {
  #page = crypto.getRandomValues(new Uint32Array(2)).join("-");
  /** @type {(Event & {n: number})[]} */
  #queue = [];
  /** @type {(Event & {n: number})[]} */
  #history = [];
  #number = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;
  #sentAt = 0;
  /** @type {Set<number>} */
  #seen = new Set();

  /**
   * @param {Pick<import("./adapter.js").Adapter, "on" | "send">} adapter
   * @param {Record<string, Handler>} handlers By the message's type.
   */
  constructor(adapter, handlers) {
    this.adapter = adapter;
    /** @type {Record<string, Handler>} */
    this.handlers = { ...handlers, resend: ({ after }) => this.#resend(after) };
    adapter.on("message", (message, buffers) => this.#receive(message, buffers));
    this.close = link.onRestored(() => {
      this.emit({ type: "local.back" });
      this.flush();
    });
  }

  /** @param {Event} event */
  emit(event) {
    this.#number += 1;
    const numbered = { n: this.#number, t: Math.round(performance.now() * 10) / 10, ...event };
    this.#queue.push(numbered);
    this.#history.push(numbered);
    if (this.#history.length > REMEMBERED) this.#history.shift();
    if (performance.now() - this.#sentAt >= BATCH) queueMicrotask(() => this.flush());
    else this.#timer ??= setTimeout(() => this.flush(), BATCH);
  }

  /** @param {Level} level @param {string} text */
  log(level, text) {
    this.emit({ type: "local.log", level, text });
  }

  /** Sends what waits. Called with every audio frame too: timers of hidden tabs are slow. */
  flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#queue.length > 0) this.#send(this.#queue.splice(0));
  }

  /** @param {Event[]} events @param {{resent?: boolean}} [more] */
  #send(events, more = {}) {
    this.#sentAt = performance.now();
    try {
      this.adapter.send({ page: this.#page, events, ...more });
    } catch {
      // the page's socket is down: Python notices the gap in the numbers, and asks
    }
  }

  /** @param {number} after */
  #resend(after) {
    this.#queue = [];
    this.#send(
      this.#history.filter(({ n }) => n > after),
      { resent: true },
    );
  }

  /** @param {any} message @param {any[]} [buffers] */
  #receive(message, buffers) {
    const { id, type } = message ?? {};
    if (id !== undefined && this.#seen.has(id)) {
      this.emit({ type: "local.ack", id });
      return;
    }
    if (id !== undefined) this.#note(id);
    const handler = this.handlers[type];
    if (handler) this.#handle(handler, message, buffers);
    else this.log("warning", `unknown message from the server: ${type}`);
    if (id !== undefined) this.emit({ type: "local.ack", id });
  }

  /** @param {Handler} handler @param {any} message @param {any[]} [buffers] */
  #handle(handler, message, buffers) {
    try {
      handler(message, buffers);
    } catch (error) {
      this.log("error", `${message.type}: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** @param {number} id */
  #note(id) {
    this.#seen.add(id);
    if (this.#seen.size <= REMEMBERED) return;
    const [oldest] = this.#seen;
    this.#seen.delete(oldest);
  }
}
