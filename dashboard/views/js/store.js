import { batch, signal } from "@preact/signals";

/** Items that a page shows at most; the journal has them all. */
export const KEPT = 400;

/**
 * One item of the conversation, as `dashboard/transcript.py` makes it.
 *
 * @typedef {object} Item
 * @property {string} id
 * @property {number} n Its place: items may overtake each other on the way.
 * @property {string} kind
 * @property {number} at Unix time in seconds.
 * @property {string} text
 * @property {string} [source]
 * @property {boolean} [interim]
 * @property {boolean} [streaming]
 * @property {string} [meaning]
 * @property {string} [tone]
 * @property {string} [speech]
 * @property {string} [title]
 * @property {string} [state]
 * @property {number} [seconds]
 * @property {string} [rule]
 * @property {string} [where]
 * @property {string} [command] What the action ran or typed, to be copied.
 * @property {string} [output]
 * @property {string} [image]
 * @property {[number, number]} [size]
 * @property {string} [phrase]
 * @property {number} [until] Unix time at which no answer means no; 0 for never.
 * @property {string} [grant] What “allow for this session” would cover, in words.
 * @property {string} [decision]
 * @property {boolean} [remembered] It was allowed for the session.
 * @property {boolean} [lasting] It may be allowed for good, too.
 * @property {boolean} [for_good] It was.
 * @property {boolean} [yes_or_no] Whether only a yes or a no answers the question.
 * @property {string} [channel]
 * @property {string | null} [answer]
 * @property {string} [outcome]
 * @property {string} [label] What a task's end is called.
 * @property {string} [utterance] Id of what was said, to decide otherwise about it.
 * @property {string} [fate]
 * @property {string} [mark] What became of it, in words.
 * @property {[string, string][]} [choices] What can be decided instead, and its words.
 * @property {string[]} [links] What comes after it, and what joined it.
 * @property {string} [advice]
 * @property {{name: string, path: string, size: number, note?: string, image?: string}[]} [files]
 * @property {number} [count] How many files there are, those not named included.
 * @property {boolean} [attached] Whether the model is given their content.
 * @property {string} [task] The task, or put back, that can be put back.
 * @property {number} [changed] How many files and folders the task changed.
 */

/**
 * @typedef {object} Operation A change: an item put in its place, or text appended to one.
 * @property {Item} [put]
 * @property {string} [append]
 * @property {string} [text]
 */

/** Whether an item waits for the person. @param {Item} item */
export function waits(item) {
  return (item.kind === "approval" && !item.decision) || (item.kind === "question" && item.answer === null);
}

/** Whether what a person said is still to be done. @param {Item} item */
export function queued(item) {
  return item.fate === "after" || item.fate === "kept";
}

/** What the page knows of one item; what a person did to it survives every change of it. */
export class Entry {
  /** @param {Item} item */
  constructor(item) {
    this.id = item.id;
    this.n = item.n;
    this.item = signal(item);
    /** @type {import("@preact/signals").Signal<boolean | null>} Opened or closed by the person. */
    this.open = signal(null);
    this.whole = signal(false); // a long text is shown whole
    this.draft = signal(""); // a half-typed answer
    this.sent = signal(""); // what was answered, until the log says so
    /** @type {any} Its drawing, kept: a list that grows draws only what is new. */
    this.drawn = null;
  }
}

/** The conversation's items in order, each a signal of its own. */
export class Store {
  /** @type {Map<string, Entry>} */
  #known = new Map();
  /** @type {import("@preact/signals").Signal<Entry[]>} */
  entries = signal([]);
  /** @type {import("@preact/signals").Signal<Entry[]>} Those that wait for the person. */
  waiting = signal([]);
  /** @type {import("@preact/signals").Signal<Entry[]>} What was said and is still to be done. */
  queue = signal([]);
  /** Seconds by which the server's clock is ahead of the browser's. */
  ahead = signal(0);
  trimmed = signal(false);

  /**
   * Takes a frame's changes in; returns the items that are new.
   *
   * @param {{operations: Operation[], reset?: boolean, now?: number}} frame
   * @returns {Item[]}
   */
  apply({ operations, reset = false, now }) {
    /** @type {Item[]} */
    const fresh = [];
    batch(() => {
      if (now) this.ahead.value = now - Date.now() / 1000;
      const order = reset ? [] : [...this.entries.peek()];
      const shown = new Set(order);
      for (const operation of operations) {
        const entry = operation.put ? this.#put(operation.put) : this.#append(operation);
        if (!entry || shown.has(entry)) continue;
        shown.add(entry);
        insert(order, entry);
        fresh.push(entry.item.peek());
      }
      if (reset || fresh.length > 0) this.#settle(order);
      this.#wait();
    });
    return fresh;
  }

  /** @param {Item} item */
  #put(item) {
    const known = this.#known.get(item.id);
    if (known) known.item.value = item;
    const entry = known ?? new Entry(item);
    this.#known.set(item.id, entry);
    return entry;
  }

  /** @param {Operation} operation */
  #append({ append = "", text = "" }) {
    const known = this.#known.get(append);
    if (known) known.item.value = { ...known.item.peek(), text: known.item.peek().text + text };
    return null;
  }

  /** @param {Entry[]} order */
  #settle(order) {
    const gone = order.splice(0, Math.max(0, order.length - KEPT));
    if (gone.length > 0) this.trimmed.value = true;
    this.entries.value = order;
    this.#known = new Map(order.map((entry) => [entry.id, entry]));
  }

  #wait() {
    this.#sift(this.waiting, waits);
    this.#sift(this.queue, queued);
  }

  /** @param {import("@preact/signals").Signal<Entry[]>} kept @param {(item: Item) => boolean} fits */
  #sift(kept, fits) {
    const found = this.entries.peek().filter((entry) => fits(entry.item.peek()));
    const before = kept.peek();
    if (found.length !== before.length || found.some((entry, i) => entry !== before[i])) kept.value = found;
  }
}

/** @param {Entry[]} order @param {Entry} entry */
function insert(order, entry) {
  let at = order.length;
  while (at > 0 && order[at - 1].n > entry.n) at -= 1;
  order.splice(at, 0, entry);
}
