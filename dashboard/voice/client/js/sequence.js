const PATIENCE = 300; // ms that a gap in the numbering is waited for

/**
 * @template T
 * @typedef {{next: number, held: Map<number, T>, timer: ReturnType<typeof setTimeout> | undefined}} Entry
 */

/** Puts the chunks of each message in the order of their index; a gap is waited for, but not long. @template T */
export class Sequence {
  /** @type {Map<string, Entry<T>>} By the message's id. */
  #messages = new Map();

  /** @param {(id: string, item: T) => void} release */
  constructor(release) {
    this.release = release;
  }

  /** @param {string} id @param {number | undefined} index @param {T} item */
  add(id, index, item) {
    const entry = this.#messages.get(id) ?? { next: 0, held: new Map(), timer: undefined };
    this.#messages.set(id, entry);
    if (index === undefined || !Number.isInteger(index) || index < entry.next) {
      this.release(id, item); // unnumbered, or so late that its place has passed
      return;
    }
    entry.held.set(index, item);
    this.#drain(id, entry);
  }

  /** Lets out what waits for a message, gaps or not. @param {string} id */
  close(id) {
    const entry = this.#messages.get(id);
    if (!entry) return;
    clearTimeout(entry.timer);
    entry.timer = undefined;
    for (const index of [...entry.held.keys()].sort((a, b) => a - b)) this.#pass(id, entry, index);
  }

  /** Forgets a message and what waits for it. @param {string} id */
  drop(id) {
    clearTimeout(this.#messages.get(id)?.timer);
    this.#messages.delete(id);
  }

  /** @param {string} id @param {Entry<T>} entry */
  #drain(id, entry) {
    while (entry.held.has(entry.next)) this.#pass(id, entry, entry.next);
    clearTimeout(entry.timer);
    entry.timer = entry.held.size > 0 ? setTimeout(() => this.close(id), PATIENCE) : undefined;
  }

  /** @param {string} id @param {Entry<T>} entry @param {number} index One that is held. */
  #pass(id, entry, index) {
    const item = /** @type {T} */ (entry.held.get(index));
    entry.held.delete(index);
    entry.next = index + 1;
    this.release(id, item);
  }
}
