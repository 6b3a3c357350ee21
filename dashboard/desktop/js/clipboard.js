import { html } from "../../js/base.js";
import { t } from "../../js/words.js";

const WAIT = 120; // ms after which a paste that brings no text has none
const CONTROL = /** @type {const} */ ([0xffe3, "ControlLeft"]);

/**
 * @typedef {object} Desk What is pasted into.
 * @property {HTMLElement} root
 * @property {HTMLTextAreaElement} catcher Takes what the browser pastes.
 * @property {HTMLElement} box To paste into, where nothing else is possible.
 * @property {() => boolean} able Whether the person has the mouse and the picture is live.
 * @property {(text: string) => void} put Puts a text on the desktop's clipboard.
 * @property {(keysym: number, code: string, down: boolean) => void} key
 * @property {() => void} pasting The keys just sent paste: those that follow wait for the text.
 * @property {() => void} focus Gives the desktop the keyboard.
 * @property {(text: string) => void} tell Says something to the person.
 */

/** Which key of a paste is to be sent on, if it is one. @param {KeyboardEvent} event */
export function pasteKey({ ctrlKey, metaKey, shiftKey, altKey, code }) {
  if (altKey) return null;
  if (code === "KeyV" && ctrlKey !== metaKey) return { keysym: 0x76, code, control: metaKey };
  if (code === "Insert" && shiftKey && !ctrlKey && !metaKey) return { keysym: 0xff63, code, control: false };
  return null;
}

/**
 * Brings what was copied elsewhere to the desktop, in whatever way the browser lets a page have it:
 * with the keys of a paste always, for the browser then hands it over by itself; beforehand where
 * that is permitted; and from a box to paste into where nothing else is possible.
 */
export class Clipboard {
  #timer = 0;
  #asked = false;
  #last = "";
  /** @type {ReturnType<typeof pasteKey>} */
  #pending = null;

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    desk.catcher.addEventListener("paste", (event) => this.#caught(event));
    desk.root.addEventListener("keydown", (event) => this.#key(event), true);
    desk.root.addEventListener("pointerenter", this.offer);
    window.addEventListener("focus", this.offer);
    document.addEventListener("visibilitychange", this.offer);
    window.addEventListener("sayso-paste", this.ask);
  }

  dispose() {
    clearTimeout(this.#timer);
    window.removeEventListener("focus", this.offer);
    document.removeEventListener("visibilitychange", this.offer);
    window.removeEventListener("sayso-paste", this.ask);
  }

  /** The person has taken the mouse: a moment to ask the browser, once. */
  async taken() {
    const state = await permission();
    if (state === "prompt" && !this.#asked && navigator.userActivation?.isActive) {
      this.#asked = true;
      await this.#read();
    } else if (state === "granted") {
      await this.#read();
    }
  }

  /** What was copied elsewhere is at hand on the desktop, as far as that is permitted already. */
  offer = async () => {
    if (!this.desk.able() || document.visibilityState !== "visible") return;
    if ((await permission()) === "granted") await this.#read();
  };

  /** The person wants to paste: the browser is asked, and a box is shown if it refuses. */
  ask = async () => {
    if (!this.desk.able()) return;
    const text = await readText();
    if (text === null) this.#open();
    else this.given(text);
  };

  async #read() {
    const text = await readText();
    if (!text || text === this.#last || !this.desk.able()) return;
    this.#last = text;
    this.desk.put(text);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const key = this.desk.able() && !this.desk.box.contains(/** @type {Node} */ (event.target)) && pasteKey(event);
    if (!key) return;
    event.stopPropagation(); // the browser's own paste goes on, into the catcher
    if (event.repeat && this.#pending) return;
    this.#pending = key;
    this.desk.catcher.value = "";
    this.desk.catcher.focus({ preventScroll: true });
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#deliver(""), WAIT);
  }

  /** @param {ClipboardEvent} event */
  #caught(event) {
    event.preventDefault();
    event.stopPropagation();
    this.#deliver(event.clipboardData?.getData("text/plain") ?? "");
  }

  /** The text first, then the key that pastes it there. @param {string} text */
  #deliver(text) {
    clearTimeout(this.#timer);
    const key = this.#pending;
    this.#pending = null;
    if (!key) return;
    if (text) this.desk.put(text);
    this.#last = text || this.#last;
    this.desk.focus();
    if (key.control) this.desk.key(...CONTROL, true);
    this.desk.key(key.keysym, key.code, true);
    this.desk.key(key.keysym, key.code, false);
    if (key.control) this.desk.key(...CONTROL, false);
    if (text) this.desk.pasting();
  }

  /** The person wants this text on the desktop's clipboard. @param {string} text */
  given(text) {
    if (!text) {
      this.desk.tell(t("There is no text on your clipboard."));
      return;
    }
    this.#last = text;
    this.desk.put(text);
    this.desk.focus();
    this.desk.tell(t("Your text was sent to the desktop's clipboard. Paste it where you want it."));
  }

  #open() {
    this.desk.box.showPopover();
    this.desk.box.querySelector("textarea")?.focus();
  }
}

/**
 * Where a person pastes what the browser keeps from the page.
 *
 * @param {{place: {current: HTMLElement | null}, give: (text: string) => void}} props
 */
export function PasteBox({ place, give }) {
  const stay = (/** @type {Event} */ event) => event.stopPropagation();
  const press = () => {
    const area = place.current?.querySelector("textarea");
    place.current?.hidePopover();
    if (!area) return;
    give(area.value);
    area.value = "";
  };
  return html`<div ref=${place} class="paste" popover="auto" role="dialog" aria-label="Paste into the desktop"
    onKeyDown=${stay} onKeyUp=${stay} onKeyPress=${stay}>
    <p>The browser does not let this page read its clipboard. Paste your text here.</p>
    <textarea rows="4" aria-label="Text for the desktop" placeholder="Paste here"></textarea>
    <button type="button" class="give" onClick=${press}>To the desktop</button>
  </div>`;
}

/** What the browser says of reading its clipboard; `unknown` where it does not say, as Firefox. */
async function permission() {
  try {
    return (await navigator.permissions.query({ name: /** @type {any} */ ("clipboard-read") })).state;
  } catch {
    return "unknown";
  }
}

/** The browser's clipboard as text; null where it may not be read. */
async function readText() {
  try {
    return (await navigator.clipboard?.readText()) ?? null;
  } catch {
    return null;
  }
}
