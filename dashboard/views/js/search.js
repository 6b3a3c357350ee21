import { computed, effect, signal } from "@preact/signals";
import { html } from "../../js/base.js";
import { Icon } from "./icons.js";
import { t } from "../../js/words.js";

/** @typedef {import("./store.js").Entry} Entry */
/** @typedef {import("./store.js").Item} Item */

const FIELDS = /** @type {const} */ (["text", "title", "output", "advice", "command", "answer"]);

/** Whether an item has the words, which are in lower case. @param {Item} item @param {string} wanted */
export function matches(item, wanted) {
  return FIELDS.some((field) => (item[field] ?? "").toLowerCase().includes(wanted));
}

/** Looks for words in the items that the page has, and steps through what was found. */
export class Search {
  open = signal(false);
  text = signal("");
  at = signal(0);

  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.found = computed(() => this.#find());
    /** @type {import("@preact/signals").ReadonlySignal<Entry | null>} */
    this.current = computed(() => this.found.value[this.at.value] ?? null);
  }

  /** @param {string} text */
  type(text) {
    this.text.value = text;
    this.at.value = Math.max(0, this.found.value.length - 1); // the newest first
  }

  /** To the next, or with -1 to the one before; from the last to the first. @param {number} by */
  step(by) {
    const many = this.found.value.length;
    if (many > 0) this.at.value = (this.at.value + by + many) % many;
  }

  close() {
    this.open.value = false;
    this.text.value = "";
  }

  /** @returns {Entry[]} */
  #find() {
    const wanted = this.text.value.trim().toLowerCase();
    if (!this.open.value || !wanted) return [];
    return this.store.entries.value.filter((entry) => matches(entry.item.peek(), wanted));
  }
}

/** How many were found, and which is shown. @param {Search} search */
function count(search) {
  if (!search.text.value.trim()) return "";
  const many = search.found.value.length;
  if (many > 0) return t("{n} of {all}", { n: search.at.value + 1, all: many });
  return search.store.trimmed.value ? t("Not in the latest part; Replay has it all") : t("Not found");
}

/** @param {{search: Search}} props */
export function SearchBar({ search }) {
  if (!search.open.value) return null;
  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.key === "Enter") search.step(event.shiftKey ? 1 : -1);
    else if (event.key === "Escape") search.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  const none = search.found.value.length === 0;
  return html`<div class="search" role="search" data-escape onKeyDown=${onKey}>
    <input type="search" aria-label="Search the conversation" placeholder="Search the conversation" value=${search.text}
      ref=${(/** @type {HTMLInputElement | null} */ input) => input?.focus()}
      onInput=${(/** @type {any} */ event) => search.type(event.currentTarget.value)} />
    <span class="count" role="status">${count(search)}</span>
    <button type="button" aria-label="Earlier" title="Earlier (Enter)" disabled=${none} onClick=${() => search.step(-1)}><${Icon} name="up" /></button>
    <button type="button" aria-label="Later" title="Later (Shift+Enter)" disabled=${none} onClick=${() => search.step(1)}><${Icon} name="down" /></button>
    <button type="button" aria-label="Close the search" title="Close (Escape)" onClick=${() => search.close()}><${Icon} name="close" /></button>
  </div>`;
}

const NAME = "sayso-found";

/**
 * Shows what is found in the list: the place is opened, scrolled to, and its words are marked where
 * the browser can. Returns what ends that.
 *
 * @param {Search} search
 * @param {() => HTMLElement | null} list
 * @param {import("./follow.js").Follow} follow
 */
export function showFound(search, list, follow) {
  return effect(() => {
    const { current, text } = search;
    const entry = current.value;
    const wanted = text.value.trim().toLowerCase();
    if (!entry) return void mark([]);
    follow.release();
    entry.open.value = true;
    entry.whole.value = true;
    requestAnimationFrame(() => {
      const node = list()?.querySelector(`[data-id="${CSS.escape(entry.id)}"]`);
      node?.scrollIntoView({ block: "center" });
      mark(node ? ranges(node, wanted) : []);
    });
  });
}

/** @param {Range[]} found */
function mark(found) {
  if (!("highlights" in CSS)) return;
  if (found.length === 0) CSS.highlights.delete(NAME);
  else CSS.highlights.set(NAME, new Highlight(...found));
}

/** Where words stand in an element. @param {Node} node @param {string} wanted */
function ranges(node, wanted) {
  const found = [];
  const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  for (let part = texts.nextNode(); part && wanted; part = texts.nextNode()) {
    const whole = (part.textContent ?? "").toLowerCase();
    for (let at = whole.indexOf(wanted); at >= 0; at = whole.indexOf(wanted, at + wanted.length)) {
      const range = document.createRange();
      range.setStart(part, at);
      range.setEnd(part, Math.min(at + wanted.length, part.textContent?.length ?? 0));
      found.push(range);
    }
  }
  return found;
}
