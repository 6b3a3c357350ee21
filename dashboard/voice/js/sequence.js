const PATIENCE = 300; // ms that a gap in the numbering is waited for

/** Puts the chunks of each message in the order of their index; a gap is waited for, but not long. */
export class Sequence {
  #messages = new Map(); // id → {next, held: Map(index → item), timer}

  constructor(release) {
    this.release = release;
  }

  add(id, index, item) {
    const entry = this.#messages.get(id) ?? { next: 0, held: new Map(), timer: null };
    this.#messages.set(id, entry);
    if (!Number.isInteger(index) || index < entry.next) {
      this.release(id, item); // unnumbered, or so late that its place has passed
      return;
    }
    entry.held.set(index, item);
    this.#drain(id, entry);
  }

  /** Lets out what waits for a message, gaps or not. */
  close(id) {
    const entry = this.#messages.get(id);
    if (!entry) return;
    clearTimeout(entry.timer);
    entry.timer = null;
    for (const index of [...entry.held.keys()].sort((a, b) => a - b)) this.#pass(id, entry, index);
  }

  /** Forgets a message and what waits for it. */
  drop(id) {
    clearTimeout(this.#messages.get(id)?.timer);
    this.#messages.delete(id);
  }

  #drain(id, entry) {
    while (entry.held.has(entry.next)) this.#pass(id, entry, entry.next);
    clearTimeout(entry.timer);
    entry.timer = entry.held.size > 0 ? setTimeout(() => this.close(id), PATIENCE) : null;
  }

  #pass(id, entry, index) {
    const item = entry.held.get(index);
    entry.held.delete(index);
    entry.next = index + 1;
    this.release(id, item);
  }
}
