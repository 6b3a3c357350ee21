/**
 * The records that the browser knows of many: what the server has told, and what has to be asked of it.
 *
 * @typedef {{n: number, at: number, kind: string, says: string}} Row
 * @typedef {{n: number, record: any}} Opened
 * @typedef {{count: number, all: number, generation: number, kinds: Record<string, number>, groups: Record<string, string>}} Grown
 * @typedef {{type: string, [field: string]: unknown}} Message
 */
import { batch, signal } from "@preact/signals";
import { many, t } from "../../js/words.js";

/** What the choice of kinds says. @param {ReadonlySet<string>} chosen */
export function kindsInWords(chosen) {
  if (!chosen.size) return t("All kinds");
  return chosen.size === 1 ? [...chosen][0].replaceAll("_", " ") : many(chosen.size, "kind");
}

/** The first row of a stretch that is not known; -1 if all are. @param {ReadonlyMap<number, Row>} rows @param {number} first @param {number} end */
export function gapIn(rows, first, end) {
  for (let i = first; i < end; i += 1) if (!rows.has(i)) return i;
  return -1;
}

/** A picture that a record has; its address is made of nothing but a hash. @param {any} record */
export function pictureIn(record) {
  const image = record.image ?? record.images?.[0];
  return image && /^[0-9a-f]{64}$/.test(image.sha256) ? image : null;
}

export class Records {
  count = signal(0);
  all = signal(0);
  kinds = signal(/** @type {Record<string, number>} */ ({}));
  groups = signal(/** @type {Record<string, string>} */ ({}));
  rows = signal(/** @type {ReadonlyMap<number, Row>} */ (new Map()));
  at = signal({ index: -1 }); // another object brings it into sight again
  opened = signal(/** @type {Opened | null} */ (null));
  text = signal("");
  chosen = signal(/** @type {ReadonlySet<string>} */ (new Set()));
  group = signal("");
  #generation = 0;
  #asked = "";
  #wanted = -1; // a row far away is chosen before it is known, and opened when it has come

  /** @param {{send: (message: Message) => void, ask: (message: Message) => void}} host */
  constructor(host) {
    this.host = host;
  }

  /** @param {any} message */
  hear(message) {
    batch(() => {
      if (message.record) this.opened.value = message;
      else if (message.rows) this.#arrive(message);
      else if (message.kinds) this.#grow(message);
    });
  }

  /** @param {Grown} message */
  #grow({ count, all, generation, kinds, groups }) {
    if (generation !== this.#generation) this.rows.value = new Map();
    this.#generation = generation;
    this.count.value = count;
    this.all.value = all;
    this.kinds.value = kinds;
    this.groups.value = { ...this.groups.peek(), ...groups };
  }

  /** @param {{rows: Row[], from: number, generation: number}} message */
  #arrive({ rows, from, generation }) {
    if (generation !== this.#generation) return;
    const known = new Map(this.rows.peek());
    for (const [i, row] of rows.entries()) known.set(from + i, row);
    this.rows.value = known;
    this.#asked = "";
    this.#open();
  }

  /** Asks for what is in sight and not known, once. @param {number} first @param {number} end */
  need(first, end) {
    const gap = gapIn(this.rows.peek(), first, end);
    const wish = `${gap}-${end}-${this.#generation}`;
    if (gap < 0 || this.#asked === wish) return;
    this.#asked = wish;
    this.host.ask({ type: "rows", from: gap, to: end });
  }

  /** @param {number} index */
  choose(index) {
    if (index < 0 || index >= this.count.peek()) return;
    this.at.value = { index };
    this.#wanted = index;
    this.#open();
  }

  #open() {
    const row = this.rows.peek().get(this.#wanted);
    if (!row) return;
    this.#wanted = -1;
    this.host.send({ type: "open", n: row.n });
  }

  /** @param {string} kind @param {boolean} on */
  toggle(kind, on) {
    const chosen = new Set(this.chosen.peek());
    if (on) chosen.add(kind);
    else chosen.delete(kind);
    this.chosen.value = chosen;
    this.filter();
  }

  get wish() {
    return {
      type: "filter",
      text: this.text.peek(),
      kinds: [...this.chosen.peek()],
      group: this.group.peek(),
    };
  }

  filter() {
    this.at.value = { index: -1 };
    this.#wanted = -1;
    this.host.send(this.wish);
  }

  /** After a gap: what came in it, what was asked in it, and how many there are now. */
  again() {
    this.#asked = "";
    this.rows.value = new Map();
    this.host.ask(this.wish);
  }
}
