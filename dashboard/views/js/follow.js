import { signal } from "@preact/signals";

const NEAR = 48; // pixels from the end that still count as the end

/**
 * Keeps a scrolling list at its end for whoever reads there; who scrolled up, or opened something,
 * reads on undisturbed until `now`.
 */
export class Follow {
  /** Whether the end is out of sight. */
  away = signal(false);
  #following = true;
  #top = 0;
  /** @type {HTMLElement | null} */
  #list = null;
  #observer = new ResizeObserver(() => this.#keep());

  /** @param {HTMLElement | null} list Its first child holds the content. */
  attach(list) {
    this.#observer.disconnect();
    this.#list = list;
    if (!list?.firstElementChild) return;
    this.#observer.observe(list);
    this.#observer.observe(list.firstElementChild);
    this.#keep();
  }

  /** To the end, now and from now on. */
  now() {
    this.#following = true;
    this.#keep();
  }

  /** The person looks at something: what comes next does not move it. */
  release() {
    this.#following = false;
    requestAnimationFrame(() => {
      this.#following = this.#near();
      this.#keep();
    });
  }

  /** The list was scrolled: by a person if it went up. */
  scrolled() {
    const list = this.#list;
    if (!list) return;
    const up = list.scrollTop < this.#top - 1;
    this.#top = list.scrollTop;
    if (this.#near()) this.#following = true;
    else if (up) this.#following = false;
    this.away.value = !this.#near();
  }

  #near() {
    const list = this.#list;
    return !list || list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
  }

  #keep() {
    const list = this.#list;
    if (!list) return;
    if (this.#following) list.scrollTop = list.scrollHeight;
    this.#top = list.scrollTop;
    this.away.value = !this.#near();
  }
}
