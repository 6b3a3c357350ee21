const BATCH = 15; // ms
const REMEMBERED = 1000; // ids of messages from Python

/** Events to Python in numbered batches; messages from Python once each, acknowledged. */
export class Relay {
  #queue = [];
  #number = 0;
  #timer = null;
  #sentAt = 0;
  #seen = new Set();

  constructor(adapter, handlers) {
    this.adapter = adapter;
    this.handlers = handlers;
    adapter.on("message", (message) => this.#receive(message));
  }

  emit(event) {
    this.#number += 1;
    this.#queue.push({ n: this.#number, t: Math.round(performance.now() * 10) / 10, ...event });
    if (performance.now() - this.#sentAt >= BATCH) queueMicrotask(() => this.flush());
    else this.#timer ??= setTimeout(() => this.flush(), BATCH);
  }

  log(level, text) {
    this.emit({ type: "local.log", level, text });
  }

  /** Sends what waits. Called with every audio frame too: timers of hidden tabs are slow. */
  flush() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#queue.length === 0) return;
    this.#sentAt = performance.now();
    this.adapter.send({ events: this.#queue.splice(0) });
  }

  #receive(message) {
    const { id, type } = message ?? {};
    if (id !== undefined && this.#seen.has(id)) {
      this.emit({ type: "local.ack", id });
      return;
    }
    this.#note(id);
    const handler = this.handlers[type];
    if (handler) this.#handle(handler, message);
    else this.log("warning", `unknown message from the server: ${type}`);
    if (id !== undefined) this.emit({ type: "local.ack", id });
  }

  #handle(handler, message) {
    try {
      handler(message);
    } catch (error) {
      this.log("error", `${message.type}: ${error?.message ?? error}`);
    }
  }

  #note(id) {
    this.#seen.add(id);
    if (this.#seen.size > REMEMBERED) this.#seen.delete(this.#seen.values().next().value);
  }
}
