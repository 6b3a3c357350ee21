import { signal } from "@preact/signals";
import { PUT_BACK } from "../../js/link/keep.js";

const NEAR = 48; // pixels from the end that still count as the end

/**
 * Keeps a scrolling list at its end for whoever reads there; who scrolled up, or opened something,
 * reads on undisturbed until `now`. So does who is put back to where they read before the page was
 * reloaded, even where that is near the end of what has come so far.
 */
export class Follow {
  /** Whether the end is out of sight. */
  away = signal(false);
  #following = true;
  #top = 0;
  #size = "";
  /** @type {number | null} Where the reader was put back, until the list is scrolled from there. */
  #place = null;
  /** @type {HTMLElement | null} */
  #list = null;
  #observer = new ResizeObserver(() => this.#keep());

  /** @param {HTMLElement | null} list Its first child holds the content. */
  attach(list) {
    this.#observer.disconnect();
    this.#list?.removeEventListener(PUT_BACK, this.#putBack);
    this.#list = list;
    list?.addEventListener(PUT_BACK, this.#putBack);
    if (!list?.firstElementChild) return;
    this.#observer.observe(list);
    this.#observer.observe(list.firstElementChild);
    this.#keep();
  }

  /** To the end, now and from now on. */
  now() {
    this.#place = null;
    this.#following = true;
    this.#keep();
  }

  /** The person looks at something: what comes next does not move it. */
  release() {
    this.#following = false;
    requestAnimationFrame(() => {
      this.#following = this.#place === null && this.#near();
      this.#keep();
    });
  }

  /** The list was scrolled: by a person if it went up, and not by the browser as its room changed. */
  scrolled() {
    const list = this.#list;
    if (!list || sizeOf(list) !== this.#size) return this.#keep();
    const up = list.scrollTop < this.#top - 1;
    this.#top = list.scrollTop;
    if (this.#place !== null && Math.abs(list.scrollTop - this.#place) > 1) this.#place = null;
    if (this.#near() && this.#place === null) this.#following = true;
    else if (up) this.#following = false;
    this.away.value = !this.#near();
  }

  #putBack = () => {
    this.#following = false;
    this.#keep();
    this.#place = this.#top;
  };

  #near() {
    const list = this.#list;
    return !list || list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
  }

  #keep() {
    const list = this.#list;
    if (!list) return;
    if (this.#following) list.scrollTop = list.scrollHeight;
    this.#size = sizeOf(list);
    this.#top = list.scrollTop;
    this.away.value = !this.#near();
  }
}

/** @param {HTMLElement} list */
function sizeOf({ clientWidth, clientHeight }) {
  return `${clientWidth} ${clientHeight}`;
}
