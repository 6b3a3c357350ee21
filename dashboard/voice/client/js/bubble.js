import { element } from "../../../js/dom.js";

const ROOMY = 560; // px from which the bar itself has room for advice

/** What went wrong and what to do, above a bar that is too narrow to say it; a click puts it away. */
export class Bubble {
  #text = "";

  constructor(bar) {
    this.bar = bar;
    this.root = element("div", { class: "bubble", popover: "manual", role: "alert" });
    this.root.onclick = () => this.root.hidePopover();
    this.observer = new ResizeObserver(() => this.#place());
    this.observer.observe(bar);
  }

  get narrow() {
    return this.bar.clientWidth < ROOMY;
  }

  /** Shows the text, once for each new one; "" puts it away. */
  say(text) {
    if (text === this.#text) return;
    this.#text = text;
    this.root.textContent = text;
    this.#place(true);
  }

  dispose() {
    this.observer.disconnect();
  }

  #place(fresh = false) {
    const { narrow } = this;
    const box = this.bar.getBoundingClientRect();
    this.bar.classList.toggle("narrow", narrow);
    if (!this.root.isConnected) return;
    const open = this.root.matches(":popover-open");
    const wanted = narrow && this.#text !== "" && (fresh || open);
    if (wanted !== open) this.root.togglePopover(wanted);
    if (!wanted) return;
    this.root.style.left = `${box.left}px`;
    this.root.style.top = `${Math.max(8, box.top - this.root.offsetHeight - 10)}px`;
  }
}
